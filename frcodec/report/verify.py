"""Verification: every checksum of a file, and how close its tensors are to those of a model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..constants import DEFAULT_MAX_BYTES, Code
from ..container.reader import Reader
from ..container.rebuild import write_model
from ..container.records import ViewRecord, byte_size
from ..container.skeleton import RebuildRecipe
from ..container.widths import Validated
from ..decoder.decode import Decoder
from ..decoder.width import at_width, format_width
from ..errors import CheckError, CorruptError
from ..formats.read import read_model
from ..tensors import Array, Buffer, raw_bytes
from ..work import Progress
from .compare import Comparison, TensorMatch

_SHOWN = 3
"""differences that an error names"""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The result of checking a valid file; a damaged one raises CorruptError instead."""

    sha256: str
    """of the .frc file, in hexadecimal"""
    file_bytes: int
    tensors: int
    """number of stored tensors that were decoded and compared with their checksums"""
    decoded_bytes: int
    widths: int
    """number of validated widths whose tensors were decoded and compared with their checksum"""
    kind: str | None
    """kind of the model file whose checksum was compared; None where the file holds only tensors"""
    matches: list[TensorMatch] | None
    """tensor by tensor against the model; None without one"""
    snr: float | None
    """dB over all lossy tensors but vectors; None without model or without such tensors"""

    @property
    def differences(self) -> list[TensorMatch]:
        """Tensors that do not match the model's."""
        return [match for match in self.matches or () if match.difference]

    def require(self, min_snr: float | None = None) -> None:
        """CheckError (differs) for any difference, or for less than `min_snr` dB."""
        differences = self.differences
        if differences:
            listed = "; ".join(f"{match.name!r} {match.difference}" for match in differences[:_SHOWN])
            more = f"; and {len(differences) - _SHOWN:,} more" if len(differences) > _SHOWN else ""
            raise CheckError(Code.DIFFERS, f"The file does not match the model: {listed}{more}.")
        if min_snr is not None and self.snr is not None and self.snr < min_snr:
            raise CheckError(
                Code.DIFFERS, f"The signal-to-noise ratio is {self.snr:.2f} dB; at least {min_snr:g} dB are required."
            )


def verify_file(
    source: Path | bytes | memoryview,
    against: Path | bytes | memoryview | None = None,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
    threads: int = 1,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check every section, every tensor and the rebuilt model file, decoding each tensor once.

    Raises CorruptError for a damaged file, UnsupportedError beyond `max_bytes` or for an unknown kind of model,
    FileError. Differences to the model do not raise: see `VerifyReport.require`.
    """
    with Reader(source, max_bytes=max_bytes) as reader:
        reader.check_sections()
        comparison = None
        if against is not None:
            model = read_model(against, normalize=reader.recipe is None, max_bytes=max_bytes)
            comparison = Comparison(reader.index.records, model.entries)
        check = _Check(reader, comparison, threads, progress)
        check.all_tensors()
        for width in reader.widths.validated if reader.widths else ():
            _check_width(reader, width, threads)
        return VerifyReport(
            sha256=_sha256(source),
            file_bytes=reader.size,
            tensors=check.tensors,
            decoded_bytes=check.done,
            widths=len(reader.widths.validated) if reader.widths else 0,
            kind=reader.recipe.kind if reader.recipe else None,
            matches=comparison.matches() if comparison else None,
            snr=comparison.snr() if comparison else None,
        )


def _check_width(reader: Reader, width: Validated, threads: int) -> None:
    if Decoder(reader, at_width(reader, width.lengths), threads=threads).checksum() != width.checksum:
        raise CorruptError(
            Code.BAD_DIGEST, f"The tensors at the width {format_width(width.lengths)} are not those validated."
        )


class _Check:
    """Decodes every stored tensor once: those of the model file in its order, then the others."""

    def __init__(self, reader: Reader, comparison: Comparison | None, threads: int, progress: Progress | None) -> None:
        self._decoder = Decoder(reader, threads=threads)
        self._records = reader.index.records
        self._recipe = reader.recipe
        self._comparison = comparison
        self._progress = progress
        self._total = sum(byte_size(self._records[position]) for position in self._stored())
        self._seen: set[int] = set()
        self.done = 0
        self.tensors = 0

    def all_tensors(self) -> None:
        """Raises CorruptError."""
        if self._recipe is not None:
            self._rebuild(self._recipe)
        for position in self._stored():
            if position not in self._seen:
                self._decode(position)
        if self._progress:
            self._progress(self._total, self._total, "verified")

    def _rebuild(self, recipe: RebuildRecipe) -> None:
        def fetch(position: int) -> Buffer:
            return raw_bytes(self._decode(position))

        crc = write_model(recipe.skeleton, fetch, lambda data: None)
        if crc != recipe.crc:
            raise CorruptError(
                Code.BAD_DIGEST, f"The rebuilt model file has the CRC-32 {crc:08x}; {recipe.crc:08x} was expected."
            )

    def _decode(self, position: int) -> Array:
        if self._progress:
            self._progress(self.done, self._total, self._records[position].name)
        array = self._decoder.entry(position)
        if position not in self._seen:
            self._seen.add(position)
            self.done += byte_size(self._records[position])
            self.tensors += 1
            if self._comparison:
                self._comparison.add(position, array)
        return array

    def _stored(self) -> Iterator[int]:
        return (position for position, record in enumerate(self._records) if not isinstance(record, ViewRecord))


def _sha256(source: Path | bytes | memoryview) -> str:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(source).hexdigest()
