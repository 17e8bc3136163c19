"""The index: every entry's record in columns, and the streams they are coded in (spec section "Index").

    [features, names, dtypes, codings, ranks, dims, axes, regions, kept, steps, streams, sizes, digests, views]

Columns hold one value for each entry that has such a field, in the order of the entries. The fourteen are msgpack
integers, strings, byte strings or arrays of integers; a set feature bit adds a column behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from ..constants import (
    CODING_LEVELS,
    CODING_RAW,
    CODING_VIEW,
    KNOWN_FEATURES,
    MAX_BLOCK_LOG2,
    MAX_ENTRIES,
    MAX_INDEX_BYTES,
    MAX_NAME_BYTES,
    MAX_RANK,
    MAX_TRANSFORM_LENGTH,
    REGION_BOX,
    REGION_SCAN,
    REGION_WHOLE,
    Code,
)
from ..errors import CorruptError, UnsupportedError, UsageError
from ..stages.layer import Layer
from ..stages.region import Box, Region, Scan
from ..stages.steps import MAX_CODE
from ..stages.transform import Transform
from ..tensors import DTYPES_BY_ID, DType, View
from . import columns as column
from . import packed
from .columns import Column, bad_record
from .records import Index, LevelsRecord, LosslessRecord, Record, Stream, ViewRecord

_COLUMNS = 14


def write(index: Index) -> bytes:
    """Payload of the index section. Raises UsageError (bad_tensor) for too many entries and invalid names."""
    names = "".join(r.name + "\0" for r in index.records)
    too_long = next((r.name for r in index.records if len(r.name.encode()) > MAX_NAME_BYTES), None)
    if too_long is not None or names.count("\0") != len(index.records) or len(index.records) > MAX_ENTRIES:
        raise UsageError(
            Code.BAD_TENSOR,
            f"A file holds at most {MAX_ENTRIES} tensors, with names of at most {MAX_NAME_BYTES} bytes without NUL.",
        )
    coded = [r for r in index.records if isinstance(r, LevelsRecord)]
    stored = [r for r in index.records if not isinstance(r, ViewRecord)]
    return packed.write(
        [
            0,
            names,
            bytes(r.dtype.id for r in index.records),
            bytes(_coding(r) for r in index.records),
            bytes(len(r.shape) for r in index.records),
            [r.shape[axis] for axis in range(MAX_RANK) for r in index.records if len(r.shape) > axis],
            [_transform_code(r.layer) for r in coded],
            bytes(r.layer.region.kind(r.shape) for r in coded),
            [k for r in coded for k in r.layer.region.parameters(r.shape)],
            bytes(r.layer.step >> 8 for r in coded) + bytes(r.layer.step & 255 for r in coded),
            [max(0, r.stream - index.own + 1) for r in stored],
            [s.size for s in index.streams],
            b"".join(s.digest.to_bytes(4, "little") for s in index.streams),
            [
                n
                for r in index.records
                if isinstance(r, ViewRecord)
                for n in (r.view.target, r.view.offset, *r.view.strides)
            ],
        ]
    )


def _coding(record: Record) -> int:
    return {LevelsRecord: CODING_LEVELS, LosslessRecord: CODING_RAW, ViewRecord: CODING_VIEW}[type(record)]


def _transform_code(layer: Layer) -> int:
    return layer.transform.mask + (layer.transform.block << len(layer.shape))


def read(payload: bytes | memoryview) -> Index:
    """Inverse of `write`; checks every field. Raises CorruptError or UnsupportedError."""
    columns = packed.read(payload, MAX_INDEX_BYTES)
    if not isinstance(columns, list) or not columns or type(columns[0]) is not int:
        raise bad_record("The index is not an array that starts with a feature word.")
    if columns[0] & ~KNOWN_FEATURES:
        raise UnsupportedError(
            Code.UNKNOWN_FEATURE, f"The file uses format features {columns[0]:#x}, which this version does not know."
        )
    if len(columns) != _COLUMNS:
        raise bad_record(f"The index has {len(columns)} columns instead of {_COLUMNS}.")
    return _Reader(columns).index()


class _Reader:
    """Reads the columns entry by entry."""

    def __init__(self, columns: Sequence[Any]) -> None:
        self.names = column.names(columns[1])
        count = len(self.names)
        self.dtypes = column.octets(columns[2], "dtypes", count)
        self.codings = column.octets(columns[3], "codings", count)
        self.ranks = column.octets(columns[4], "ranks", count)
        if max(self.ranks, default=0) > MAX_RANK:
            raise bad_record(f"A tensor has {max(self.ranks)} dimensions; at most {MAX_RANK} are allowed.")
        if max(self.codings, default=0) > CODING_VIEW:
            raise UnsupportedError(Code.UNKNOWN_FEATURE, f"A tensor has the unknown coding {max(self.codings)}.")
        self.shapes = self._shapes(column.integers(columns[5], "dims", sum(self.ranks)))
        coded = self.codings.count(CODING_LEVELS)
        self.axes = iter(column.integers(columns[6], "axes", coded))
        self.regions = iter(column.octets(columns[7], "regions", coded))
        self.kept = Column(columns[8], "kept")
        steps = column.octets(columns[9], "steps", 2 * coded)
        self.steps = iter(high << 8 | low for high, low in zip(steps[:coded], steps[coded:], strict=True))
        stored = count - self.codings.count(CODING_VIEW)
        self.assigned = iter(column.integers(columns[10], "streams", stored))
        self.sizes = Column(columns[11], "sizes").values
        self.digests = column.octets(columns[12], "digests", 4 * len(self.sizes))
        self.views = Column(columns[13], "views")

    def _shapes(self, dims: Sequence[int]) -> list[tuple[int, ...]]:
        shapes: list[list[int]] = [[] for _ in self.ranks]
        rest = iter(dims)
        for axis in range(MAX_RANK):
            for shape, rank in zip(shapes, self.ranks, strict=True):
                if rank > axis:
                    shape.append(next(rest))
        for shape in shapes:
            if prod(max(1, n) for n in shape) > packed.MAX_INTEGER:
                raise bad_record(f"A tensor of shape {shape} has more than 2^53 elements.")
        return [tuple(shape) for shape in shapes]

    def index(self) -> Index:
        """All records, checked against each other."""
        assigned = [next(self.assigned) if coding != CODING_VIEW else 0 for coding in self.codings]
        own_streams = sum(coding != CODING_VIEW and not k for coding, k in zip(self.codings, assigned, strict=True))
        if own_streams + max(assigned, default=0) != len(self.sizes):
            raise bad_record(f"The index lists {len(self.sizes)} streams; its entries need another number.")
        own = iter(range(own_streams))
        records: list[Record] = []
        for position, name in enumerate(self.names):
            if assigned[position]:
                stream = own_streams + assigned[position] - 1
            else:
                stream = next(own) if self.codings[position] != CODING_VIEW else 0
            records.append(self._record(position, name, stream))
        self.kept.finish()
        self.views.finish()
        streams = tuple(
            Stream(size, int.from_bytes(self.digests[4 * i : 4 * i + 4], "little")) for i, size in enumerate(self.sizes)
        )
        index = Index(tuple(self._checked(records)), streams, own_streams)
        _check_streams(index)
        return index

    def _record(self, position: int, name: str, stream: int) -> Record:
        dtype = DTYPES_BY_ID.get(self.dtypes[position])
        if dtype is None:
            raise UnsupportedError(
                Code.UNKNOWN_FEATURE, f"Tensor {name!r} has the unknown dtype {self.dtypes[position]}."
            )
        shape = self.shapes[position]
        if self.codings[position] == CODING_LEVELS:
            return LevelsRecord(name, self._layer(name, dtype, shape), stream)
        if self.codings[position] == CODING_RAW:
            return LosslessRecord(name, dtype, shape, stream)
        if not name:
            raise CorruptError(Code.BAD_NAME, "A view has no name.")
        target, offset, *strides = self.views.take(2 + len(shape))
        return ViewRecord(View(name, target, offset, shape, tuple(strides)), dtype)

    def _layer(self, name: str, dtype: DType, shape: tuple[int, ...]) -> Layer:
        mask, kind, step = next(self.axes), next(self.regions), next(self.steps)
        transform = Transform(tuple(axis for axis in range(len(shape)) if mask >> axis & 1), mask >> len(shape))
        region = self._region(name, kind, shape)
        if transform.block > MAX_BLOCK_LOG2:
            raise UnsupportedError(Code.UNKNOWN_FEATURE, f"Tensor {name!r} has the unknown transform {mask:#x}.")
        if (
            transform.block
            and not transform.axes
            or any(not 1 <= transform.runs(shape[a]) <= MAX_TRANSFORM_LENGTH for a in transform.axes)
        ):
            raise bad_record(f"Tensor {name!r} of shape {shape} cannot have the transform {mask:#x}.")
        if dtype.lossy:
            if step > MAX_CODE:
                raise bad_record(f"Tensor {name!r} has the step code {step}; at most {MAX_CODE} is allowed.")
        elif dtype.name not in ("int8", "uint8") or transform.axes or step > 255:
            raise bad_record(f"Tensor {name!r} of type {dtype} cannot be coded as levels with these fields.")
        return Layer(dtype, shape, transform, region, step)

    def _region(self, name: str, kind: int, shape: tuple[int, ...]) -> Region:
        if kind == REGION_WHOLE:
            return Box(shape)
        if kind == REGION_BOX:
            kept = tuple(self.kept.take(len(shape)))
            if kept == shape or any(k > n for k, n in zip(kept, shape, strict=True)):
                raise bad_record(
                    f"Tensor {name!r} of shape {shape} keeps the box {kept}, which is not smaller than it."
                )
            return Box(kept)
        if kind == REGION_SCAN:
            (count,) = self.kept.take(1)
            if count > prod(shape):
                raise bad_record(
                    f"Tensor {name!r} of shape {shape} keeps {count} positions, which is more than it has."
                )
            return Scan(count)
        raise UnsupportedError(Code.UNKNOWN_FEATURE, f"Tensor {name!r} has the unknown region {kind}.")

    def _checked(self, records: Sequence[Record]) -> Iterator[Record]:
        """The records; checks that views stay inside stored tensors of their dtype."""
        for record in records:
            if isinstance(record, ViewRecord):
                view = record.view
                target = records[view.target] if view.target < len(records) else None
                if target is None or isinstance(target, ViewRecord) or target.dtype != record.dtype:
                    raise CorruptError(
                        Code.BAD_VIEW, f"View {view.name!r} does not point to a stored tensor of its dtype."
                    )
                if view.last_element() >= prod(target.shape):
                    raise CorruptError(Code.BAD_VIEW, f"View {view.name!r} reaches beyond the tensor it points to.")
            yield record


def _check_streams(index: Index) -> None:
    for stream, members in enumerate(index.members()):
        kinds = {type(index.records[m]) for m in members}
        if len(kinds) != 1:
            raise bad_record(f"Stream {stream} has no entry, or entries of different codings.")
