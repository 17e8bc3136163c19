"""Names valid in Android and Kotlin: assets, objects and packages; string literals."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from ..constants import Code
from ..errors import UsageError

SUFFIX: Final = ".frc"
_ASSET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9])?")
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_PACKAGE = 200
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "as break class continue do else false for fun if in interface is null object package return super this throw "
        "true try typealias typeof val var when while",
    )
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}


def asset_stem(asked: str | None, source: PurePath, model_suffixes: tuple[str, ...]) -> str:
    """Name of the asset without .frc: the one asked for, or that of the file. Raises UsageError if it is invalid."""
    if asked is not None:
        stem = asked.removesuffix(SUFFIX)
    else:
        stem = source.stem if source.suffix.lower() in (SUFFIX, *model_suffixes) else source.name
    if _ASSET.fullmatch(stem):
        return stem
    raise UsageError(
        Code.BAD_OPTION,
        f"{stem!r} is not a valid asset name: 1 to 100 Latin letters, digits, '_', '-' and '.' are allowed, with a "
        "letter or digit at both ends. Choose one with --name.",
    )


def object_name(stem: str) -> str:
    """The Kotlin object for an asset: unet-v1.2 has UnetV12Model, my_model has MyModel."""
    name = "".join(part[0].upper() + part[1:] for part in re.split(r"[_.-]+", stem))
    if not name.endswith("Model"):
        name += "Model"
    return name if name[0].isalpha() else f"Model{name}"


def checked_package(package: str) -> str:
    """The package itself. Raises UsageError if it is invalid."""
    if len(package) > _LONGEST_PACKAGE or not all(_SEGMENT.fullmatch(part) for part in package.split(".")):
        raise UsageError(
            Code.BAD_OPTION,
            f"{package!r} is not a package: names of Latin letters, digits and '_' with dots between them.",
        )
    return package


def quoted_package(package: str) -> str:
    """The package as Kotlin source, keywords in backticks."""
    return ".".join(f"`{part}`" if part in _KEYWORDS else part for part in package.split("."))


def literal(text: str) -> str:
    """A Kotlin string literal in ASCII, with all special characters escaped."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if " " <= char <= "~":
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
