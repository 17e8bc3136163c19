"""Entries and holes for tensors that are byte ranges of a file; several names may share a range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NoReturn

from ..constants import MAX_RANK, Code
from ..container.skeleton import Hole
from ..errors import CorruptError, UnsupportedError
from ..tensors import DTYPES, DType, Entry, Stored, View, contiguous_strides
from .model import Model, cut

_MAX_NAME = 1 << 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Dtype, shape and memory order of a tensor."""

    dtype: DType
    shape: tuple[int, ...]
    order: tuple[int, ...] | None = None
    """axes from the slowest to the fastest in memory; None for C order"""

    @property
    def nbytes(self) -> int:
        """Size of all elements in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    def in_memory(self) -> tuple[int, ...]:
        """The shape in memory order."""
        return self.shape if self.order is None else tuple(self.shape[axis] for axis in self.order)

    def strides(self) -> tuple[int, ...]:
        """Strides in elements."""
        strides = contiguous_strides(self.in_memory())
        return strides if self.order is None else tuple(strides[self.order.index(axis)] for axis in range(len(strides)))


def opaque(size: int) -> Layout:
    """The layout of `size` bytes of unknown structure."""
    return Layout(DTYPES["bytes"], (size,))


@dataclass(slots=True)
class _Range:
    """A byte range of the file, and all tensors that it holds."""

    start: int
    size: int
    names: dict[Layout, str]
    """the name for each layout; the first is the tensor's own"""
    lossless: bool

    @property
    def name(self) -> str:
        """The first name, for messages."""
        return next(iter(self.names.values()))

    def entries(self, position: int, data: memoryview) -> Iterator[Entry]:
        """The stored tensor, under its first name if that has C order, and views under the other names."""
        uses = [(name, layout) for layout, name in self.names.items()]
        if len({layout.dtype for layout in self.names}) > 1:
            uses = [(name, opaque(self.size)) for name, _ in uses]
        name, first = uses[0]
        named = first.order is None
        yield Stored(name if named else "", first.dtype, first.in_memory(), data)
        for name, layout in uses[named:]:
            yield View(name, position, 0, layout.shape, layout.strides())


@dataclass(slots=True)
class Ranges:
    """Collects the tensor ranges of one file; `what` is the file's kind in error messages."""

    image: memoryview
    what: str
    _ranges: dict[int, _Range] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _copies: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._ranges)

    def add(self, name: str, layout: Layout, start: int, end: int, *, lossless: bool = False) -> None:
        """Add a tensor stored at the beginning of the bytes from `start` to `end`.

        A range that is added again with another element type becomes lossless bytes.

        Raises CorruptError (bad_model) for invalid names and for tensors that do not fit,
        UnsupportedError (unsupported_model) for too many axes.
        """
        if "\0" in name or len(name) > _MAX_NAME:
            self.fail(f"the tensor name {name[:100]!r} is too long or not valid text")
        if len(layout.shape) > MAX_RANK:
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                f"Tensor {name!r} has {len(layout.shape):,} axes; at most {MAX_RANK} are supported.",
            )
        if layout.order is not None and sorted(layout.order) != list(range(len(layout.shape))):
            self.fail(f"the axes of tensor {name!r} are not in a valid order")
        if not 0 <= start <= end <= len(self.image):
            self.fail(
                f"tensor {name!r} should be at bytes {start:,} to {end:,}, but the file has {len(self.image):,} bytes"
            )
        if layout.nbytes > end - start:
            self.fail(f"tensor {name!r} needs {layout.nbytes:,} bytes, but {end - start:,} are available")
        if not layout.nbytes:
            return
        known = self._ranges.get(start)
        if known is None:
            self._ranges[start] = _Range(start, layout.nbytes, {layout: self._unique(name)}, lossless)
            return
        if known.size != layout.nbytes:
            self.fail(f"the tensors {known.name!r} and {name!r} start at the same byte but have different sizes")
        known.lossless |= lossless
        if layout not in known.names:
            known.names[layout] = self._unique(name)

    def model(self, kind: str) -> Model:
        """The file as entries and a skeleton. Raises CorruptError (bad_model) if ranges overlap."""
        ordered = sorted(self._ranges.values(), key=lambda part: part.start)
        for before, after in zip(ordered, ordered[1:], strict=False):
            if before.start + before.size > after.start:
                self.fail(f"the tensors {before.name!r} and {after.name!r} overlap")
        entries: list[Entry] = []
        positions: dict[int, int] = {}
        for part in self._ranges.values():
            positions[part.start] = len(entries)
            entries += part.entries(len(entries), self.image[part.start : part.start + part.size])
        holes = [Hole(part.start, part.size, positions[part.start]) for part in ordered]
        lossless = frozenset(positions[part.start] for part in ordered if part.lossless)
        return Model(kind, entries, cut([self.image], holes, []), lossless)

    def fail(self, what: str) -> NoReturn:
        """Raise CorruptError (bad_model)."""
        raise CorruptError(Code.BAD_MODEL, f"The {self.what} is damaged: {what}.")

    def _unique(self, name: str) -> str:
        base = name = name or "tensor"
        while name in self._names:
            self._copies[base] = self._copies.get(base, 1) + 1
            name = f"{base}#{self._copies[base]}"
        self._names.add(name)
        return name


def identity_or(order: Sequence[int]) -> tuple[int, ...] | None:
    """An order of axes for `Layout`: None if it is C order or empty."""
    return None if list(order) == list(range(len(order))) else tuple(order)
