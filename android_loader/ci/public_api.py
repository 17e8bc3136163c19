"""The public API of each Kotlin library: `api/NAME.api` in its folder, in the format of binary-compatibility-validator.

The compiler's plugin jvm-abi-gen removes private and internal declarations from the classes, and javap lists the rest.
Unlike Gradle's plugin, this leaves out synthetic constructors.
"""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from ci import jvm
from ci.commands import Failure, run
from ci.modules import Module, classes
from ci.sysroot import java_home

RENEW = "android_loader/ci/renew-api"
MODIFIERS = "public|protected|static|final|abstract|default|native|synchronized|volatile|transient"
MEMBER = re.compile(rf"  ((?:(?:{MODIFIERS}) )+)(?:[^(]* )?([\w.$]+)(\(.*\))?(?: throws .*)?;")

SYNTHETIC = "Lkotlin/jvm/internal/DefaultConstructorMarker;)V"


def check(module: Module) -> str:
    """The committed file agrees with the compiled classes."""
    path, current = file(module), dump(module)
    committed = path.read_text() if path.exists() else ""
    if committed != current:
        lines = difflib.unified_diff(committed.splitlines(), current.splitlines(), path.name, "compiled", lineterm="")
        raise Failure("\n".join([f"the public API has changed; if that is intended, run {RENEW}", *lines]))
    return f"{current.count(' fun ') + current.count(' field ')} members"


def file(module: Module) -> Path:
    """Where Gradle's plugin expects the dump, too."""
    return module.folder / "api" / f"{module.name}.api"


def dump(module: Module) -> str:
    """The API as text: classes, and their members, in alphabetical order."""
    classes(module)
    files = sorted(jvm.api_classes(module.name).rglob("*.class"))
    listing = run([java_home() / "bin" / "javap", "-s", "-protected", *files])
    found = dict(filter(None, map(_class, re.split(r"^Compiled from .*\n", listing, flags=re.MULTILINE))))
    return "".join(f"{found[name]}\n" for name in sorted(found))


def _class(text: str) -> tuple[str, str] | None:
    """Name and dump of a class that javap lists; None for one without members that is no class of the source."""
    header, *rest = text.splitlines() or [""]
    members = [_member(*pair) for pair in _pairs(rest) if not pair[1].endswith(SYNTHETIC)]
    match = re.fullmatch(r"((?:\w+ )*)(class|interface) ([\w.$]+)((?: extends| implements)?.*) \{", _erased(header))
    if match is None or match[3].endswith("Kt") and not members:
        return None
    modifiers, kind, name, parents = match.groups()
    kind = "class" if kind == "class" else "abstract interface class"
    bases = [base for base in re.split(r" extends | implements |,", parents) if base]
    suffix = " : " + ", ".join(base.replace(".", "/") for base in bases) if bases else ""
    lines = [f"{modifiers}{kind} {name.replace('.', '/')}{suffix} {{"]
    # Fields first, then functions, each by name and descriptor.
    lines += sorted(members, key=lambda line: (" fun " in line, line.split(" fun ")[-1].split(" field ")[-1]))
    return name, "\n".join([*lines, "}"]) + "\n"


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Declarations and descriptors of the members."""
    for line, following in zip(lines, lines[1:], strict=False):
        if following.startswith("    descriptor: "):
            yield line, following.removeprefix("    descriptor: ")


def _member(declaration: str, descriptor: str) -> str:
    match = MEMBER.fullmatch(_erased(declaration))
    if match is None:
        raise Failure(f"javap prints a declaration that public_api.py does not know: {declaration}")
    modifiers, name, parameters = match.groups()
    if parameters is None:
        return f"\t{modifiers}field {name} {descriptor}"
    name = "<init>" if "." in name else name
    synthetic = "synthetic " if name.endswith("$default") else ""
    return f"\t{modifiers}{synthetic}fun {name} {descriptor}"


def _erased(declaration: str) -> str:
    """Without type arguments."""
    while (shorter := re.sub(r"<[^<>]*>", "", declaration)) != declaration:
        declaration = shorter
    return declaration
