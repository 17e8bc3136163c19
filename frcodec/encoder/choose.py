"""How a tensor is best put before the quantizer, by true cost: its transform and its kept region. Nothing is normative.

All transforms are orthonormal, so at one step the error is the same, and the cheapest is the best. The search starts
from a few transforms that often help and goes from the best of them to better neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf, prod

import numpy as np
import numpy.typing as npt

from ..constants import MAX_TRANSFORM_LENGTH
from ..entropy.stream import Quantized
from ..stages.layer import round_to_points
from ..stages.region import Region, Scan, positions_upto, smallest_box
from ..stages.transform import Transform, forward, invertible
from . import fit

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_SAMPLE = 1 << 16
"""elements on which transforms are compared, about"""
_BLOCKS = (0, 3, 4, 5, 6, 7)
"""logarithms of the block lengths that are tried; 0 for whole axes"""
_SHORTEST = 8
"""elements of an axis of rows or columns that may be worth a transform"""
_PRICE, _MOST = 0.0005, 0.015
"""share of the bits that an axis must save for each product that decoding an element takes, and at most"""
_MARGIN = 0.997
"""what a neighbour may need of the bits: parts of a tensor differ by chance"""
_SCAN_LIMIT = 1 << 20
"""levels of a box up to which a scan prefix is tried instead"""


def best_transform(values: Reals, step: float, first_axis: int = 0) -> Transform:
    """The transform that needs the fewest bits at this step of plain rounding, decoding cost weighed in.

    Axes before `first_axis` are left alone.
    """
    ratios = {Transform(): 1.0}

    def try_all(candidates: Iterator[Transform]) -> Transform:
        for transform in candidates:
            if transform not in ratios and transform.axes[0] >= first_axis:
                ratios[transform] = _ratio(values, transform, step) * (1 + _price(transform, values.shape))
        return min(ratios, key=lambda transform: ratios[transform])

    best = try_all(_starters(values.shape))
    while best.axes:
        better = try_all(_neighbors(best, values.shape))
        if ratios[better] > _MARGIN * ratios[best]:
            break
        best = better
    return best


def _usable(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of a kernel that may be transformed, and those of rows and columns."""
    kernel = range(1, 3) if _channels_last(shape) else range(2, len(shape))
    spatial = tuple(axis for axis in kernel if shape[axis] > 1)
    return spatial, tuple(axis for axis, n in enumerate(shape) if axis not in kernel and n >= _SHORTEST)


def _channels_last(shape: tuple[int, ...]) -> bool:
    """Whether it looks like outputs, a square kernel, inputs: what XNNPACK has, where PyTorch has the kernel last."""
    return len(shape) == 4 and shape[3] > shape[1] == shape[2] > 1


def _starters(shape: tuple[int, ...]) -> Iterator[Transform]:
    spatial, others = _usable(shape)
    single = [axes for axes in (spatial, *((axis,) for axis in others)) if axes]
    for axes in single:
        for block in (0, 4):
            yield from _sensible(Transform(axes, block), shape)
    every = tuple(axis for axis, n in enumerate(shape) if n > 1)
    if len(every) > 1:
        yield from _sensible(Transform(every), shape)  # networks trained as low frequencies of all axes


def _neighbors(transform: Transform, shape: tuple[int, ...]) -> Iterator[Transform]:
    """Other blocks, and one axis more or less."""
    spatial, others = _usable(shape)
    for block in _BLOCKS:
        yield from _sensible(replace(transform, block=block), shape)
    for axes in (spatial, *((axis,) for axis in others)):
        toggled = tuple(sorted(set(transform.axes) ^ set(axes)))
        if axes and toggled:
            yield from _sensible(replace(transform, axes=toggled), shape)


def _sensible(transform: Transform, shape: tuple[int, ...]) -> Iterator[Transform]:
    """The transform unless its blocks are as long as the axes, or the axes too long for it."""
    longest = max(shape[axis] for axis in transform.axes)
    if longest > 1 << transform.block if transform.block else longest <= MAX_TRANSFORM_LENGTH:
        yield transform


def _price(transform: Transform, shape: tuple[int, ...]) -> float:
    return sum(min(_MOST, _PRICE * transform.runs(shape[axis])) for axis in transform.axes)


def _ratio(values: Reals, transform: Transform, step: float) -> float:
    """Bits with a transform over bits without, on a part of the tensor that has the transformed axes whole."""
    part = values[_part(values.shape, transform.axes)]
    plain = rough_cost(part, Transform(), step)
    return rough_cost(part, transform, step) / plain if plain else inf


def _part(shape: tuple[int, ...], needed: tuple[int, ...]) -> tuple[slice, ...]:
    """The middle of a tensor, about `_SAMPLE` elements: shorter along rows and columns that need not be whole."""
    lengths = list(shape)
    free = sorted((axis for axis in range(min(2, len(shape))) if axis not in needed), key=lambda axis: shape[axis])
    for number, axis in enumerate(free):
        others = prod(lengths) // max(1, prod(lengths[a] for a in free[number:]))
        left = _SAMPLE / max(1, others)
        lengths[axis] = min(shape[axis], max(16, int(left ** (1 / (len(free) - number)))))
    return tuple(slice((n - k) // 2, (n - k) // 2 + k) for n, k in zip(shape, lengths, strict=True))


def rough_cost(values: Reals, transform: Transform, step: float) -> float:
    """Bits under a transform, about; infinite where it is not possible."""
    coefs = forward(values, transform)
    levels = exact_levels(coefs, transform, step)
    if levels is None:
        return inf
    return fit.rough_bits(levels, np.abs(coefs))


def exact_levels(coefs: Reals, transform: Transform, step: float) -> Ints | None:
    """Nearest levels; None where they are too large for the format or for an exact inverse."""
    levels = round_to_points(coefs, step)
    if levels is None or transform.axes and not invertible(levels):
        return None
    return levels


def best_region(levels: Ints, scaled: Reals) -> Region:
    """The cheapest region that holds all levels that are not zero."""
    box = smallest_box(levels)
    if levels.ndim < 2 or not 0 < box.count <= _SCAN_LIMIT:
        return box
    inside = levels[tuple(slice(0, k) for k in box.kept)]
    last_sum = int(np.argwhere(inside).sum(axis=1).max())
    if positions_upto(levels.shape, last_sum) > 4 * box.count:
        return box
    prefix = Scan(positions_upto(levels.shape, last_sum))
    scan = Scan(int(np.flatnonzero(prefix.gather(levels))[-1]) + 1)
    if scan.count > 0.9 * box.count:
        return box
    costs = [
        fit.estimate(Quantized(region.gather(levels)), region.level_shape(), magnitudes).bits
        for region, magnitudes in ((box, np.abs(box.cut(scaled))), (scan, None))
    ]
    return box if costs[0] <= costs[1] else scan
