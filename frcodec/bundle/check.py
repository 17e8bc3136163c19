"""Checks the .frc assets of an app package, and the alignment of its native libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..constants import Code
from ..errors import CheckError, FileError, FrcError, UsageError
from ..report.verify import verify_file
from ..work import Progress
from . import elf, kotlin
from .gradle import read_text
from .package import Asset, Library, Package
from .project import Module, kotlin_files

PAGE: Final = 16384
"""bytes of a memory page on newer devices"""
_SMALL_PAGE = 4096
_WORD = 4
_MACHINES = {"arm64-v8a": (64, 183), "x86_64": (64, 62), "riscv64": (64, 243), "armeabi-v7a": (32, 40), "x86": (32, 3)}
"""ABI -> (bits, number of the instruction set in ELF)"""
_PYTORCH_MOBILE = "libpytorch"
_NEW_DEVICES = (
    "Devices with memory pages of 16 KiB do not load 64-bit libraries of a smaller alignment, and Google Play refuses "
    "them for new targets: use newer releases of them, or link them with -Wl,-z,max-page-size=16384."
)
_SUCCESSOR = (
    "PyTorch Mobile ends with release 2.1.0, which is not aligned (pytorch/pytorch#154449). ExecuTorch is the way "
    "forward: bundle the model's .pte, and load it with frcodec-executorch."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset that must be in the package."""

    name: str | None
    """None for any name"""
    sha256: str | None
    """in hexadecimal, None for any contents"""
    origin: str
    """who says so, for people"""


@dataclass(frozen=True, slots=True)
class AssetCheck:
    """An asset and what is wrong with it."""

    name: str
    offset: int
    """of its bytes in the package"""
    size: int
    stored: bool
    """whether it is there uncompressed when the app is installed"""
    alignment: int
    """the largest power of two, up to a page, that divides the offset"""
    sha256: str | None
    """None where it cannot be read"""
    tensors: int
    """that were decoded and compared with their checksums"""
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LibraryCheck:
    """A native library and what is wrong with it."""

    path: str
    abi: str
    offset: int
    stored: bool
    alignment: int | None
    """of its segments: the largest page size that it can be mapped with; None for what is no library"""
    findings: tuple[str, ...]

    @property
    def unaligned(self) -> bool:
        """Whether devices with pages of 16 KiB do not load it."""
        return _MACHINES.get(self.abi, (64, 0))[0] == 64 and self.alignment is not None and self.alignment < PAGE


@dataclass(frozen=True, slots=True)
class PackageReport:
    """The result of checking a package."""

    kind: str
    """"apk", "aab" or "aar" """
    size: int
    assets: tuple[AssetCheck, ...]
    libraries: tuple[LibraryCheck, ...]
    missing: tuple[str, ...]
    """what should be there and is not"""

    @property
    def findings(self) -> list[str]:
        """All that is wrong, one sentence each, with the place that it is about."""
        of_assets = [f"assets/{asset.name}: {finding}" for asset in self.assets for finding in asset.findings]
        of_libraries = [f"{library.path}: {finding}" for library in self.libraries for finding in library.findings]
        return [*self.missing, *of_assets, *of_libraries]

    @property
    def advice(self) -> list[str]:
        """What can be done about libraries that are not aligned."""
        names = [library.path.rpartition("/")[2] for library in self.libraries if library.unaligned]
        successor = any(name.startswith(_PYTORCH_MOBILE) for name in names)
        return [_NEW_DEVICES] * bool(names) + [_SUCCESSOR] * successor

    def require(self, name: str) -> None:
        """CheckError (unfit_app) with all findings, if there are any."""
        found = self.findings
        if found:
            count = f"{len(found):,} findings" if len(found) > 1 else "1 finding"
            first = f"{name} is not as Android needs it: {count}."
            raise CheckError(Code.UNFIT_APP, "\n".join([first, *found, *self.advice]))


def check_package(
    package: Package, wanted: Sequence[Wanted], *, max_bytes: int, progress: Progress | None = None
) -> PackageReport:
    """Look at every .frc asset, which is decoded, and at every native library; findings do not raise here."""
    assets = tuple(_asset(package, asset, wanted, max_bytes, progress) for asset in package.assets)
    libraries = tuple(_library(package, library) for library in package.libraries)
    return PackageReport(package.kind, package.size, assets, libraries, tuple(_missing(assets, wanted)))


def wanted_asset(argument: str) -> Wanted:
    """An .frc file that must be in the package with these very bytes, or else the name that an asset must have.

    Raises FileError.
    """
    path = Path(argument)
    if not path.is_file():
        return Wanted(argument.removeprefix("assets/"), None, "--asset")
    try:
        with path.open("rb") as file:
            return Wanted(None, hashlib.file_digest(file, "sha256").hexdigest(), argument)
    except OSError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read {argument}: {error.strerror or error}.") from error


def wanted_of(module: Module) -> list[Wanted]:
    """The assets that the module's generated Kotlin files describe. Raises UsageError without any, and FileError."""
    described = [(path, kotlin.parse(read_text(path))) for path in kotlin_files(module)]
    wanted = [Wanted(known[0], known[1], path.name) for path, known in described if known]
    if not wanted:
        raise UsageError(
            Code.BAD_OPTION, f"{module.folder} has no Kotlin file of frcodec bundle. Bundle a model with it first."
        )
    return wanted


def _missing(assets: Sequence[AssetCheck], wanted: Sequence[Wanted]) -> list[str]:
    if not assets and not wanted:
        return ["there is no .frc among its assets"]
    names, digests = {asset.name for asset in assets}, {asset.sha256 for asset in assets}
    found = [
        f"assets/{want.name} is missing ({want.origin})" for want in wanted if want.name and want.name not in names
    ]
    return found + [
        f"no asset has the SHA-256 {want.sha256} of {want.origin}: bundle it and build the package again"
        for want in wanted
        if want.name is None and want.sha256 not in digests
    ]


def _asset(
    package: Package, asset: Asset, wanted: Sequence[Wanted], max_bytes: int, progress: Progress | None
) -> AssetCheck:
    member = asset.member
    findings, sha256, tensors = [], None, 0
    if not asset.stored:
        findings.append(
            "it is compressed, so that it cannot be mapped: "
            'set androidResources { noCompress += "frc" } in the build script'
        )
    elif package.aligned and member.payload % _WORD:
        findings.append(f"its bytes begin at {member.payload:,}, no multiple of {_WORD}: run zipalign before signing")
    try:
        data = memoryview(member.read(max_bytes))
        sha256 = hashlib.sha256(data).hexdigest()
        tensors = verify_file(data, max_bytes=max_bytes, progress=progress).tensors
    except FrcError as problem:
        findings.append(f"it cannot be decoded: {problem.message.rstrip('.')} (E{int(problem.code)})")
    findings += [
        f"its SHA-256 is {sha256}, but {want.origin} says {want.sha256}: bundle the model and build the package again"
        for want in wanted
        if want.name == asset.name and want.sha256 not in (None, sha256)
    ]
    alignment = _power_of_two(member.payload)
    return AssetCheck(
        asset.name, member.payload, member.size, asset.stored, alignment, sha256, tensors, tuple(findings)
    )


def _library(package: Package, library: Library) -> LibraryCheck:
    member = library.member
    alignment, findings = None, []
    try:
        image = elf.read(library.head)
        alignment = image.alignment
        findings = _image_findings(package, library, image)
    except (elf.NoElfError, ValueError) as reason:
        findings.append(f"it is no native library: {reason}")
    return LibraryCheck(library.path, library.abi, member.payload, not member.compressed, alignment, tuple(findings))


def _image_findings(package: Package, library: Library, image: elf.Image) -> list[str]:
    member = library.member
    findings = []
    if (image.bits, image.machine) != _MACHINES.get(library.abi, (image.bits, image.machine)):
        findings.append(f"it is not made for {library.abi}")
    page = PAGE if image.bits == 64 else _SMALL_PAGE
    if image.alignment < page:
        findings.append(f"its segments are aligned to {image.alignment:,} bytes, not to {page:,}")
    if package.aligned and not member.compressed and member.payload % page:
        findings.append(
            f"it is stored at byte {member.payload:,}, no multiple of {page:,}: run zipalign -P 16 before signing"
        )
    return findings


def _power_of_two(offset: int) -> int:
    return min(offset & -offset, PAGE) if offset else PAGE
