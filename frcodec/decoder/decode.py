"""Decodes the tensors of an open file, and rebuilds the model file; every checksum is compared first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from threading import Lock
from typing import cast

import numpy as np

from ..constants import Code
from ..container import packed
from ..container.crc32 import crc32
from ..container.reader import Reader
from ..container.rebuild import write_model
from ..container.records import LevelsRecord, LosslessRecord, Record, ViewRecord, byte_size
from ..errors import CorruptError, UsageError
from ..tensors import Array, Buffer, raw_bytes
from ..work import Progress, Workers
from . import level_stream
from .width import AtWidth


class Decoder:
    """Decodes the entries of a `Reader` with at most `threads` threads; shared streams are decoded once and kept.

    At another width one checksum covers all entries: they are decoded together when the first is asked for, and kept.
    """

    def __init__(self, reader: Reader, at: AtWidth | None = None, *, threads: int = 1) -> None:
        self.index = at.index if at else reader.index
        """with the shapes of the width"""
        self._reader = reader
        self._threads = threads
        self._at = at
        self._members = self.index.members()
        self._shared: dict[int, dict[int, Array]] = {}
        self._lock = Lock()
        self._target_lock = Lock()
        self._last_target: tuple[int, Array] | None = None

    def entry(self, position: int) -> Array:
        """One entry [shape] in its dtype's storage type, its digest verified; a view shares memory with its target.

        Views, and entries that are kept, are read-only. Raises CorruptError.
        """
        with Workers(self._threads) as workers:
            return self._entry(position, workers)

    def entries(self, positions: Sequence[int]) -> Generator[Array]:
        """These entries one after the other, as `entry` gives them; other threads decode the next ones meanwhile."""
        with Workers(self._threads) as workers:
            yield from workers.in_order(lambda position: self._entry(position, workers), positions)

    def checksum(self) -> int:
        """CRC-32 of all stored entries, one after the other."""
        stored = [position for position, record in enumerate(self.index.records) if not isinstance(record, ViewRecord)]
        with closing(self.entries(stored)) as arrays:
            return _checksum(arrays)

    def rebuild(self, write: Callable[[Buffer], object], progress: Progress | None = None) -> None:
        """Write the model file from first byte to last.

        Raises CorruptError; UsageError (bad_option) at another width, and where the file holds only tensors.
        """
        recipe = self._reader.recipe
        if self._at is not None:
            raise UsageError(
                Code.BAD_OPTION,
                "A model file is rebuilt at full width only: for another width choose a format with --to pt, "
                "safetensors or npz.",
            )
        if recipe is None:
            raise UsageError(
                Code.BAD_OPTION,
                "The file holds only tensors, no model file: choose a format with --to pt, safetensors or npz.",
            )
        done = 0
        holes = self.entries([hole.entry for hole in recipe.skeleton.holes])

        def fetch(position: int) -> Buffer:
            nonlocal done
            record = self.index.records[position]
            if progress:
                progress(done, recipe.skeleton.size, record.name)
            done += byte_size(record)
            return raw_bytes(next(holes))

        with closing(holes):
            crc = write_model(recipe.skeleton, fetch, write)
        if crc != recipe.crc:
            raise CorruptError(
                Code.BAD_DIGEST, f"The rebuilt model file has the CRC-32 {crc:08x}; {recipe.crc:08x} was expected."
            )
        if progress:
            progress(recipe.skeleton.size, recipe.skeleton.size, "rebuilt")

    def _entry(self, position: int, workers: Workers) -> Array:
        record = self.index.records[position]
        if isinstance(record, ViewRecord):
            return record.view.of(self._target(record.view.target, workers))
        if len(self._members[record.stream]) == 1 and self._at is None:
            return self._decode(record.stream, workers)[position]
        with self._lock:
            if record.stream not in self._shared:
                streams = (
                    self._at_width(self._at, workers)
                    if self._at
                    else {record.stream: self._decode(record.stream, workers)}
                )
                for array in (array for arrays in streams.values() for array in arrays.values()):
                    array.flags.writeable = False  # what is returned twice must stay what was checked
                self._shared |= streams
        return self._shared[record.stream][position]

    def _target(self, position: int, workers: Workers) -> Array:
        """A view's target; the last one is kept, as many views may share it."""
        with self._target_lock:
            if self._last_target is None or self._last_target[0] != position:
                self._last_target = (position, self._entry(position, workers))
            return self._last_target[1]

    def _at_width(self, at: AtWidth, workers: Workers) -> dict[int, dict[int, Array]]:
        """All entries of all streams, checked together."""
        streams = {number: self._decode(number, workers) for number in range(len(self._members))}
        arrays = {position: array for members in streams.values() for position, array in members.items()}
        if at.validated and _checksum(arrays[position] for position in sorted(arrays)) != at.validated.checksum:
            raise CorruptError(
                Code.BAD_DIGEST, "The file does not decode to the values that this width was validated with."
            )
        return streams

    def _decode(self, number: int, workers: Workers) -> dict[int, Array]:
        """All entries of a stream by position."""
        members = self._members[number]
        records = [self.index.records[m] for m in members]
        data = self._reader.stream(number)
        try:
            arrays = (
                level_stream.decode(data, [record.layer for record in cast(list[LevelsRecord], records)], workers)
                if isinstance(records[0], LevelsRecord)
                else _lossless(data, records)
            )
        except CorruptError as error:
            raise CorruptError(
                error.code, f"Tensor {records[0].name!r}: {error.message}", offset=error.offset
            ) from None
        resized = any(isinstance(record, LevelsRecord) and record.layer.resampled for record in records)
        if not resized and _checksum(arrays) != self.index.streams[number].digest:
            raise CorruptError(
                Code.BAD_DIGEST, f"Tensor {records[0].name!r} does not decode to the values it was checked with."
            )
        return dict(zip(members, arrays, strict=True))


def _checksum(arrays: Iterable[Array]) -> int:
    """CRC-32 of their bytes, one after the other."""
    digest = 0
    for array in arrays:
        digest = crc32(raw_bytes(array), digest)
    return digest


def _lossless(data: memoryview, records: list[Record]) -> list[Array]:
    """Tensors stored as shuffled bytes."""
    sizes = [byte_size(record) for record in records]
    content = packed.decompress(data, sum(sizes))
    if len(content) != sum(sizes):
        raise CorruptError(Code.BAD_RECORD, f"Its stream holds {len(content)} bytes instead of {sum(sizes)}.")
    arrays, at = [], 0
    for record, size in zip(records, sizes, strict=True):
        assert isinstance(record, LosslessRecord)
        planes = np.frombuffer(content, np.uint8, size, at).reshape(record.dtype.itemsize, -1)
        arrays.append(np.ascontiguousarray(planes.T).view(record.dtype.storage).reshape(record.shape))
        at += size
    return arrays
