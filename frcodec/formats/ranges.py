"""Tensors that lie in a file as ranges of its bytes, each perhaps under several names -> entries and holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NoReturn

from ..constants import Code
from ..container.skeleton import Hole
from ..errors import CorruptError, UnsupportedError
from ..tensors import DTYPES, DType, Entry, Stored, View, contiguous_strides
from .model import Model, cut
from .pytorch.known_globals import MAX_AXES

_MAX_NAME = 1 << 12


@dataclass(frozen=True, slots=True)
class Layout:
    """What is written of a tensor beside its bytes."""

    dtype: DType
    shape: tuple[int, ...]
    order: tuple[int, ...] | None = None
    """axes from the slowest to the fastest in memory, where that is not their own order"""

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return prod(self.shape) * self.dtype.itemsize

    def in_memory(self) -> tuple[int, ...]:
        """The shape with its axes as they lie in memory."""
        return self.shape if self.order is None else tuple(self.shape[axis] for axis in self.order)

    def strides(self) -> tuple[int, ...]:
        """Of the axes, in elements."""
        strides = contiguous_strides(self.in_memory())
        return strides if self.order is None else tuple(strides[self.order.index(axis)] for axis in range(len(strides)))


def opaque(size: int) -> Layout:
    """The layout of bytes that are not understood."""
    return Layout(DTYPES["bytes"], (size,))


@dataclass(slots=True)
class _Range:
    """Bytes of the file, and all tensors that are made of them."""

    start: int
    size: int
    uses: dict[Layout, str]
    """the name under each layout; the first is the tensor's own"""
    lossless: bool

    @property
    def name(self) -> str:
        """The first name, for messages."""
        return next(iter(self.uses.values()))

    def entries(self, position: int, data: memoryview) -> Iterator[Entry]:
        """The stored tensor, under its first name where it lies in memory in order, and views under the others."""
        uses = [(name, layout) for layout, name in self.uses.items()]
        if len({layout.dtype for layout in self.uses}) > 1:
            uses = [(name, opaque(self.size)) for name, _ in uses]
        name, first = uses[0]
        named = first.order is None
        yield Stored(name if named else "", first.dtype, first.in_memory(), data)
        for name, layout in uses[named:]:
            yield View(name, position, 0, layout.shape, layout.strides())


@dataclass(slots=True)
class Ranges:
    """Collects the ranges of one file; `what` is the file's kind in messages."""

    image: memoryview
    what: str
    _ranges: dict[int, _Range] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _copies: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._ranges)

    def add(self, name: str, layout: Layout, start: int, end: int, *, lossless: bool = False) -> None:
        """A tensor whose bytes are the first ones of those from `start` to `end`.

        Where the same bytes have been added with another element type, they become lossless bytes.

        Raises CorruptError (bad_model) for names that mean nothing and for tensors that do not fit,
        UnsupportedError (unsupported_model) for too many axes.
        """
        if "\0" in name or len(name) > _MAX_NAME:
            self.fail(f"the tensor name {name[:100]!r} is too long or not valid text")
        if len(layout.shape) > MAX_AXES:
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                f"Tensor {name!r} has {len(layout.shape):,} axes; at most {MAX_AXES} are supported.",
            )
        if layout.order is not None and sorted(layout.order) != list(range(len(layout.shape))):
            self.fail(f"the axes of tensor {name!r} are in no possible order")
        if not 0 <= start <= end <= len(self.image):
            self.fail(f"tensor {name!r} should lie at {start:,} to {end:,}, but the file has {len(self.image):,} bytes")
        if layout.nbytes > end - start:
            self.fail(f"tensor {name!r} needs {layout.nbytes:,} bytes, but {end - start:,} are there for it")
        if not layout.nbytes:
            return
        known = self._ranges.get(start)
        if known is None:
            self._ranges[start] = _Range(start, layout.nbytes, {layout: self._unique(name)}, lossless)
            return
        if known.size != layout.nbytes:
            self.fail(f"the tensors {known.name!r} and {name!r} start at one byte, but end at different ones")
        known.lossless |= lossless
        if layout not in known.uses:
            known.uses[layout] = self._unique(name)

    def model(self, kind: str) -> Model:
        """The file taken apart. Raises CorruptError (bad_model) for ranges that overlap."""
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
        """Refuse the file."""
        raise CorruptError(Code.BAD_MODEL, f"The {self.what} is damaged: {what}.")

    def _unique(self, name: str) -> str:
        base = name = name or "tensor"
        while name in self._names:
            self._copies[base] = self._copies.get(base, 1) + 1
            name = f"{base}#{self._copies[base]}"
        self._names.add(name)
        return name


def identity_or(order: Sequence[int]) -> tuple[int, ...] | None:
    """An order of axes for `Layout`: None where it is the plain one, or not given."""
    return None if list(order) == list(range(len(order))) else tuple(order)
