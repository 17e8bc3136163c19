"""The .frc assets and native libraries of an app package, with their positions in the archive.

.apk  assets/…         lib/ABI/…
.aab  MODULE/assets/…  MODULE/lib/ABI/…    BundleConfig.pb: what stays uncompressed in its APKs
.aar  assets/…         jni/ABI/…
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..constants import Code
from ..disk import map_file
from ..errors import CheckError, FrcError
from ..formats.zip.image import Archive, Member, parse
from . import bundle_config

KINDS: Final = ("apk", "aab", "aar")
_ASSET = {
    "apk": re.compile(r"assets/(.*\.[fF][rR][cC])", re.DOTALL),
    "aab": re.compile(r"[^/]+/assets/(.*\.[fF][rR][cC])", re.DOTALL),
    "aar": re.compile(r"assets/(.*\.[fF][rR][cC])", re.DOTALL),
}
_LIBRARY = {
    "apk": re.compile(r"lib/([^/]+)/([^/]+\.so)"),
    "aab": re.compile(r"[^/]+/lib/([^/]+)/([^/]+\.so)"),
    "aar": re.compile(r"jni/([^/]+)/([^/]+\.so)"),
}
_ZIP = b"PK"
_SLACK = 1 << 10
"""bytes that deflate's tables can take before the first output byte"""
_CONFIG = "BundleConfig.pb"
_LARGEST_CONFIG = 1 << 22


@dataclass(frozen=True, slots=True)
class Asset:
    """An .frc file in a package."""

    name: str
    """below the folder of assets"""
    member: Member
    stored: bool
    """whether Android finds it uncompressed in what is installed"""


@dataclass(frozen=True, slots=True)
class Library:
    """A native library in a package."""

    path: str
    """in the package"""
    abi: str
    member: Member

    def head(self, count: int) -> bytes:
        """Its first `count` > 0 bytes, fewer where it is shorter. Raises ValueError if they cannot be inflated."""
        if not self.member.compressed:
            return bytes(self.member.packed[:count])
        try:
            packed = self.member.packed[: 2 * count + _SLACK]
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, count)
        except zlib.error as error:
            raise ValueError(f"it cannot be inflated ({error})") from None


@dataclass(frozen=True, slots=True)
class Package:
    """An APK, an app bundle or a library archive."""

    path: Path
    kind: str
    """"apk", "aab" or "aar" """
    size: int
    """bytes"""
    assets: tuple[Asset, ...]
    libraries: tuple[Library, ...]

    @property
    def aligned(self) -> bool:
        """Whether offsets in it are those on the device; other kinds are repacked before installation."""
        return self.kind == "apk"


def open_package(path: Path) -> Package:
    """A package by its path. Its members are not read, and lie in a mapping of the file.

    Raises FileError, and CheckError (unfit_app) for a damaged archive or one that is not an app package.
    """
    image = map_file(path)
    if not image:
        raise CheckError(Code.UNFIT_APP, f"{path} is empty.")
    if image[: len(_ZIP)] != _ZIP:
        raise CheckError(Code.UNFIT_APP, f"{path.name} is no zip archive, and so no APK, AAB or AAR.")
    try:
        archive = parse(image)
    except FrcError as problem:
        raise CheckError(Code.UNFIT_APP, f"{path.name} is no sound package. {_message(problem)}") from None
    kind = _kind(path, archive)
    globs = _uncompressed(archive) if kind == "aab" else []
    assets = [
        Asset(found[1], member, _is_stored(kind, f"assets/{found[1]}", member, globs))
        for member in archive.members
        if (found := _ASSET[kind].fullmatch(member.name))
    ]
    libraries = [
        Library(member.name, found[1], member)
        for member in archive.members
        if (found := _LIBRARY[kind].fullmatch(member.name))
    ]
    return Package(path, kind, len(image), tuple(assets), tuple(libraries))


def _is_stored(kind: str, path: str, member: Member, globs: list[str]) -> bool:
    """Of an APK the member itself decides, of an app bundle its configuration; a library leaves it to the app."""
    if kind == "aab":
        return any(bundle_config.matches(path, glob) for glob in globs)
    return kind == "aar" or not member.compressed


def _kind(path: Path, archive: Archive) -> str:
    names = {member.name for member in archive.members}
    if _CONFIG in names:
        return "aab"
    if "AndroidManifest.xml" in names:
        return "aar" if "classes.jar" in names or path.suffix.lower() == ".aar" else "apk"
    raise CheckError(
        Code.UNFIT_APP, f"{path.name} is a zip archive, but no APK, AAB or AAR: it has no AndroidManifest.xml."
    )


def _uncompressed(archive: Archive) -> list[str]:
    member = next(member for member in archive.members if member.name == _CONFIG)
    try:
        return bundle_config.uncompressed_globs(bytes(member.read(_LARGEST_CONFIG)))
    except (FrcError, ValueError) as error:
        raise CheckError(Code.UNFIT_APP, f"{_CONFIG} in the app bundle is damaged: {error}.") from None


def _message(problem: FrcError) -> str:
    """The message of a damaged zip archive, about the package instead of a model file."""
    words = problem.message.replace("The model file is damaged or cut short: ", "It is damaged or cut short: ")
    place = "" if problem.offset is None else f" (at byte {problem.offset:,})"
    return words.replace("model file", "package").replace("model's", "package's").rstrip(".") + place + "."
