"""Write an asset and its Kotlin file into an Android module."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..constants import Code
from ..container.reader import Reader
from ..container.records import Record
from ..disk import output
from ..errors import FileError, UsageError
from ..report.verify import verify_file
from ..work import Progress
from . import kotlin, names
from .gradle import read_text
from .kotlin import Contents, Tensor
from .model import signature_of
from .project import Module


@dataclass(frozen=True, slots=True)
class Placement:
    """An asset and its Kotlin file, with their paths and contents."""

    module: Module
    asset: Path
    source: Path
    """the Kotlin file"""
    contents: Contents
    data: bytes
    """of the asset"""
    code: bytes
    """of the Kotlin file"""

    @property
    def pairs(self) -> tuple[tuple[Path, bytes], tuple[Path, bytes]]:
        """Paths and contents of both files."""
        return (self.asset, self.data), (self.source, self.code)

    @property
    def up_to_date(self) -> bool:
        """Whether both files exist with these bytes."""
        return all(path.is_file() and _bytes(path) == wanted for path, wanted in self.pairs)


def placement(
    frc: Path,
    module: Module,
    *,
    stem: str,
    package: str | None,
    shapes: Sequence[tuple[int, ...]],
    max_bytes: int,
    progress: Progress | None = None,
) -> Placement:
    """The asset and the Kotlin file for an .frc file, which is verified first; nothing is written.

    `stem` is the asset's name without .frc, `shapes` are those of the model's first inputs. Raises CorruptError,
    UnsupportedError, FileError, and UsageError for a package or shapes that do not fit.
    """
    package = module.package(package)
    data = _bytes(frc)
    report = verify_file(data, max_bytes=max_bytes, progress=progress)
    with Reader(data, max_bytes=max_bytes) as reader:
        recipe, records = reader.recipe, reader.index.records
        signature = signature_of(recipe).with_shapes(shapes) if shapes else signature_of(recipe)
    contents = Contents(
        package=package,
        object_name=names.object_name(stem),
        asset=stem + names.SUFFIX,
        sha256=report.sha256,
        size=len(data),
        kind=report.kind,
        model_size=recipe.skeleton.size if recipe else 0,
        signature=signature,
        tensors=_tensors(records),
    )
    source = _source(module, package, contents.object_name)
    return Placement(module, module.assets / contents.asset, source, contents, data, kotlin.render(contents))


def check_free(placed: Placement) -> None:
    """Refuse to replace files that were changed or not written by bundle. Raises UsageError (output_exists), FileError.

    An asset is known by the digest in its Kotlin file.
    """
    known = kotlin.parse(read_text(placed.source)) if placed.source.is_file() else None
    if placed.source.is_file() and (known is None or known[0] != placed.contents.asset):
        whose = f"describes the asset {known[0]!r}" if known else "was not written by frcodec bundle"
        raise _taken(placed.source, whose)
    if placed.asset.is_file():
        present = _bytes(placed.asset)
        if present != placed.data and (known is None or hashlib.sha256(present).hexdigest() != known[1]):
            raise _taken(placed.asset, f"is not the one that {placed.source.name} describes")


def write(placed: Placement, *, force: bool) -> None:
    """Write both files: each appears whole or not at all, the asset first, so that an interrupted run can be repeated.

    Raises UsageError (output_exists) for foreign files unless `force` is set, and FileError (write_failed).
    """
    if not force:
        check_free(placed)
    if placed.up_to_date:
        return
    for path, _ in placed.pairs:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(Code.WRITE_FAILED, f"Cannot make {path.parent}: {error.strerror or error}.") from error
    with output(placed.source, force=True) as code, output(placed.asset, force=True) as asset:
        _put(code, placed.code, placed.source)
        _put(asset, placed.data, placed.asset)


def _put(file: BinaryIO, data: bytes, path: Path) -> None:
    try:
        file.write(data)
    except OSError as error:
        raise FileError(Code.WRITE_FAILED, f"Cannot write {path}: {error.strerror or error}.") from error


def _source(module: Module, package: str, object_name: str) -> Path:
    """Where the Kotlin file belongs: where one of that name is, otherwise below the source folder in use."""
    candidates = [root.joinpath(*package.split("."), f"{object_name}.kt") for root in module.source_roots]
    return next((path for path in candidates if path.is_file()), candidates[0])


def _tensors(records: Sequence[Record]) -> list[Tensor]:
    return [Tensor(record.name, str(record.dtype), record.shape) for record in records if record.name]


def _taken(path: Path, why: str) -> UsageError:
    return UsageError(Code.OUTPUT_EXISTS, f"{path} exists already and {why}. Use --force to replace it, or --name.")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read {path}: {error.strerror or error}.") from error
