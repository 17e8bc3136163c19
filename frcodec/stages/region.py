"""The kept region: where the levels of a tensor lie, all others being zero (spec section "Kept region").

box          the first K1 × … × Kd positions
scan prefix  the first n positions ordered by index sum, equal sums lexicographically
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

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

    def cut(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept part [kept] of a whole tensor."""
        return tensor[tuple(slice(0, k) for k in self.kept)]

    def gather(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept values [count] of a whole tensor."""
        return np.ascontiguousarray(self.cut(tensor)).reshape(-1)

    def scatter(self, levels: Ints, shape: tuple[int, ...]) -> Ints:
        """The smallest box that holds the levels, filled in."""
        return levels.reshape(self.kept)


@dataclass(frozen=True, slots=True)
class Scan:
    """Levels in the order of their index sums: low frequencies of all axes first."""

    count: int
    """number of levels, 0 … the tensor's size"""

    def level_shape(self) -> tuple[int, ...]:
        """The shape in which the levels' contexts are computed."""
        return (self.count,)

    def gather(self, tensor: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
        """The kept values [count] of a whole tensor."""
        box, places = scan_places(tensor.shape, self.count)
        return np.ascontiguousarray(tensor[tuple(slice(0, k) for k in box)]).reshape(-1)[places]

    def scatter(self, levels: Ints, shape: tuple[int, ...]) -> Ints:
        """A box that holds the levels, filled in."""
        box, places = scan_places(shape, self.count)
        result = np.zeros(prod(box), np.int32)
        result[places] = levels
        return result.reshape(box)


Region: TypeAlias = Box | Scan


def smallest_box(levels: Ints) -> Box:
    """The smallest box at the origin that holds all levels that are not zero."""
    kept = []
    for axis in range(levels.ndim):
        others = tuple(a for a in range(levels.ndim) if a != axis)
        used = np.flatnonzero(levels.any(axis=others))
        kept.append(int(used[-1]) + 1 if len(used) else 0)
    return Box(tuple(kept))


def trimmed(region: Region, levels: Ints) -> tuple[Region, Ints]:
    """The smallest region of the same kind that holds all levels [count] that are not zero, and its levels."""
    if isinstance(region, Box):
        inside = levels.reshape(region.kept)
        small = smallest_box(inside)
        return small, small.gather(inside)
    used = np.flatnonzero(levels)
    count = int(used[-1]) + 1 if used.size else 0
    return Scan(count), levels[:count]


def scan_places(shape: tuple[int, ...], count: int) -> tuple[tuple[int, ...], npt.NDArray[np.intp]]:
    """A box that holds the first `count` positions, and their places in its C order."""
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
    return int(np.searchsorted(_running_counts(tuple(min(n, count) for n in shape)), count))


def positions_upto(shape: tuple[int, ...], index_sum: int) -> int:
    """How many positions have at most this index sum."""
    counts = _running_counts(tuple(min(n, index_sum + 1) for n in shape))
    return int(counts[min(index_sum, len(counts) - 1)])


def _running_counts(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Number of positions with an index sum of at most 0, 1, …; exact, as it stays below 2^53."""
    per_sum = np.ones(1, np.float64)
    for n in shape:
        upto = np.concatenate([np.cumsum(per_sum), np.full(n - 1, per_sum.sum())])
        upto[n:] -= upto[: len(upto) - n].copy()
        per_sum = upto
    return np.cumsum(per_sum)
