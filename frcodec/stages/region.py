"""The kept region: the positions of a tensor that have levels; all others are zero (spec section "Kept region").

box          the first K1 × … × Kd positions
scan prefix  the first n positions ordered by index sum, equal sums lexicographically
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ..constants import REGION_BOX, REGION_SCAN, REGION_WHOLE

Ints = npt.NDArray[np.int32]
_Number = TypeVar("_Number", np.int32, np.float64)


@dataclass(frozen=True, slots=True)
class Box:
    """Levels in C order of a box at the origin."""

    kept: tuple[int, ...]
    """positions along each axis, 0 … the axis' length"""

    @property
    def count(self) -> int:
        """Number of levels."""
        return prod(self.kept)

    def level_shape(self) -> tuple[int, ...]:
        """The shape in which the levels' contexts are computed."""
        return self.kept

    @property
    def has_axes(self) -> bool:
        """Whether levels keep the tensor's axes: then rows may have steps, and axes classes, of their own."""
        return True

    def kind(self, shape: tuple[int, ...]) -> int:
        """REGION_WHOLE if the box is all of a tensor of this shape, else REGION_BOX."""
        return REGION_WHOLE if self.kept == shape else REGION_BOX

    def parameters(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers that the index stores besides the kind."""
        return () if self.kept == shape else self.kept

    def bounds(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of a box that holds the region."""
        return self.kept

    def cut(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept part [kept] of a tensor, a view."""
        return tensor[tuple(slice(0, k) for k in self.kept)]

    def gather(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept values [count] of a tensor."""
        return np.ascontiguousarray(self.cut(tensor)).reshape(-1)

    def scatter(self, values: npt.NDArray[_Number], shape: tuple[int, ...]) -> npt.NDArray[_Number]:
        """A box of a tensor of this shape that holds the values [count], zero elsewhere."""
        return values.reshape(self.kept)

    def trim(self, levels: Ints) -> tuple[Box, Ints]:
        """The smallest box that holds all levels [count] that are not zero, and its levels."""
        inside = levels.reshape(self.kept)
        small = smallest_box(inside)
        return small, small.gather(inside)


@dataclass(frozen=True, slots=True)
class Scan:
    """Levels in the order of their index sums: low frequencies of all axes first."""

    count: int
    """number of levels, 0 … the tensor's size"""

    @property
    def kept(self) -> int:
        """Positions kept; as `Box.kept`, what people are shown."""
        return self.count

    @property
    def has_axes(self) -> bool:
        """Whether levels keep the tensor's axes."""
        return False

    def kind(self, shape: tuple[int, ...]) -> int:
        """REGION_SCAN."""
        return REGION_SCAN

    def parameters(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers that the index stores besides the kind."""
        return (self.count,)

    def bounds(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of a box that holds the region; not the smallest."""
        return shape

    def level_shape(self) -> tuple[int, ...]:
        """The shape in which the levels' contexts are computed."""
        return (self.count,)

    def gather(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept values [count] of a tensor."""
        box, places = scan_places(tensor.shape, self.count)
        return Box(box).gather(tensor)[places]

    def scatter(self, values: npt.NDArray[_Number], shape: tuple[int, ...]) -> npt.NDArray[_Number]:
        """A box of a tensor of this shape that holds the values [count], zero elsewhere."""
        box, places = scan_places(shape, self.count)
        result = np.zeros(prod(box), values.dtype)
        result[places] = values
        return result.reshape(box)

    def trim(self, levels: Ints) -> tuple[Scan, Ints]:
        """The shortest prefix that holds all levels [count] that are not zero, and its levels."""
        nonzero = np.flatnonzero(levels)
        count = int(nonzero[-1]) + 1 if nonzero.size else 0
        return Scan(count), levels[:count]


Region: TypeAlias = Box | Scan


def smallest_box(levels: Ints) -> Box:
    """The smallest box at the origin that holds all levels that are not zero."""
    kept = []
    for axis in range(levels.ndim):
        others = tuple(a for a in range(levels.ndim) if a != axis)
        nonzero = np.flatnonzero(levels.any(axis=others))
        kept.append(int(nonzero[-1]) + 1 if len(nonzero) else 0)
    return Box(tuple(kept))


def scan_places(shape: tuple[int, ...], count: int) -> tuple[tuple[int, ...], npt.NDArray[np.intp]]:
    """A box that holds the first `count` positions of a scan, and their places in its C order [count]."""
    last = _last_sum(shape, count)
    box = tuple(min(n, last + 1) for n in shape)
    sums = sum(np.ogrid[tuple(slice(0, k) for k in box)], start=np.zeros((), np.int32))
    sums = np.broadcast_to(sums, box).reshape(-1)
    candidates = np.flatnonzero(sums <= last)  # C order is lexicographic, and the sort is stable
    return box, candidates[np.argsort(sums[candidates], kind="stable")[:count]]


def _last_sum(shape: tuple[int, ...], count: int) -> int:
    """Index sum of the last of the first `count` positions."""
    if not count:
        return 0
    # the first `count` positions have sums below `count`
    return int(np.searchsorted(_cumulative_counts(tuple(min(n, count) for n in shape)), count))


def positions_upto(shape: tuple[int, ...], index_sum: int) -> int:
    """Number of positions whose index sum is at most this."""
    counts = _cumulative_counts(tuple(min(n, index_sum + 1) for n in shape))
    return int(counts[min(index_sum, len(counts) - 1)])


def _cumulative_counts(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Number of positions with an index sum of at most 0, 1, …; exact, as it stays below 2^53."""
    per_sum = np.ones(1, np.float64)
    for n in shape:
        upto = np.concatenate([np.cumsum(per_sum), np.full(n - 1, per_sum.sum())])
        upto[n:] -= upto[: len(upto) - n].copy()
        per_sum = upto
    return np.cumsum(per_sum)
