"""The build script of an Android module, read without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..constants import Code
from ..errors import FileError

NAMES = ("build.gradle.kts", "build.gradle")
_LARGEST = 1 << 20
"""characters of a build script that are read"""
_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]*|/\*(?:.*?\*/|.*\Z)|"{3}.*?"{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)
_ANDROID_PLUGIN = re.compile(
    r"""["']com\.android\.(application|library|dynamic-feature)["']|\balias\([\w.]*android[\w.]*(application|library)\)""",
    re.IGNORECASE,
)
_OWN_LINE = re.compile(r"^apply\b[^\n]*|^plugins\s*\{[^}]*\}", re.MULTILINE)
"""lines that apply plugins to the module itself; indented ones apply to others"""
_NOT_HERE = re.compile(r"\bapply\s*\(?\s*false")
_OWN_ANDROID = re.compile(r"^android\s*\{", re.MULTILINE)
_APPLICATION = re.compile(r"""["']com\.android\.application["']|\balias\([\w.]*application\)|\bapplicationId\b""", re.I)
_NAMESPACE = re.compile(r"""\bnamespace\s*[=(]?\s*["']([A-Za-z_][\w.]*)["']""")
_MANIFEST_PACKAGE = re.compile(r"""<manifest\b[^>]*?\spackage\s*=\s*["']([A-Za-z_][\w.]*)["']""", re.DOTALL)
_QUOTED = re.compile(r"""["']([^"'\n]*)["']""")


@dataclass(frozen=True, slots=True)
class Script:
    """A build script without its comments."""

    path: Path
    text: str

    @property
    def is_android(self) -> bool:
        """Whether the folder is an Android module, not the root that only names the plugins for its modules."""
        lines = [line for part in _OWN_LINE.findall(self.text) for line in part.splitlines()]
        applied = any(_ANDROID_PLUGIN.search(line) and not _NOT_HERE.search(line) for line in lines)
        return applied or bool(_OWN_ANDROID.search(self.text))

    @property
    def is_application(self) -> bool:
        """Whether it builds an app rather than a library."""
        return bool(_APPLICATION.search(self.text))

    @property
    def namespace(self) -> str | None:
        """The namespace, if the script has it as a literal."""
        match = _NAMESPACE.search(self.text)
        return match[1] if match else None

    @property
    def keeps_frc_stored(self) -> bool:
        """Whether a `noCompress` lists frc, in any of the syntaxes of Groovy and Kotlin."""
        starts = (match.end() for match in re.finditer(r"\bnoCompress\b", self.text))
        listed = (name for start in starts for name in _QUOTED.findall(_statement(self.text, start)))
        return any(name.lower() in ("frc", ".frc") for name in listed)

    @property
    def advice(self) -> str:
        """The line that keeps .frc assets stored, for inside of `android { }`."""
        block = "aaptOptions" if re.search(r"\baaptOptions\b", self.text) else "androidResources"
        setting = 'noCompress += "frc"' if self.path.suffix == ".kts" else "noCompress 'frc'"
        return f"{block} {{ {setting} }}"


def script_of(folder: Path) -> Script | None:
    """The build script in a folder, None without one. Raises FileError."""
    for name in NAMES:
        path = folder / name
        if path.is_file():
            return Script(path, _COMMENT_OR_STRING.sub(_without_comment, read_text(path)))
    return None


def manifest_package(module: Path) -> str | None:
    """The package in the manifest of an older project; None without one. Raises FileError."""
    path = module / "src" / "main" / "AndroidManifest.xml"
    match = _MANIFEST_PACKAGE.search(read_text(path)) if path.is_file() else None
    return match[1] if match else None


def read_text(path: Path) -> str:
    """The beginning of a source file. Raises FileError."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read {path}: {error.strerror or error}.") from error


def _without_comment(match: re.Match[str]) -> str:
    return " " if match[0].startswith(("//", "/*")) else match[0]


def _statement(text: str, start: int) -> str:
    """The rest of a statement: to the end of the line, or further while a bracket is open or a comma ends the line."""
    depth = 0
    for at in range(start, len(text)):
        char = text[at]
        depth += (char in "([") - (char in ")]")
        ended = char in ";}" or (char == "\n" and not text[start:at].rstrip().endswith((",", "=")))
        if depth < 0 or (depth == 0 and ended):
            return text[start:at]
    return text[start:]
