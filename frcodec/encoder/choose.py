"""A tensor's transform and kept region, by estimated rate. Nothing here is normative.

All transforms are orthonormal, so at one step the error is the same, and the one of the lowest rate is the best. The
search starts from a few transforms that often help and moves to better neighbours (hill climbing).
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
"""binary logarithms of the block lengths tried; 0 for whole axes"""
_SHORTEST = 8
"""shortest axis of rows or columns that is tried"""
_PENALTY, _MAX_PENALTY = 0.0005, 0.015
"""share of the bits an axis must save per multiplication that it adds to decoding an element, and at most per axis"""
_MARGIN = 0.997
"""share of the bits below which a neighbour counts as better: the sample is noisy"""
_SCAN_LIMIT = 1 << 20
"""largest box, in levels, for which a scan prefix is tried too"""


def best_transform(values: Reals, step: float, first_axis: int = 0) -> Transform:
    """The transform of the lowest rate at this step of plain rounding, with a penalty for the time of decoding.

    Axes before `first_axis` are not transformed.
    """
    ratios = {Transform(): 1.0}  # bits over those without a transform, with the penalty

    def try_all(candidates: Iterator[Transform]) -> Transform:
        for transform in candidates:
            if transform not in ratios and transform.axes[0] >= first_axis:
                ratios[transform] = _ratio(values, transform, step) * (1 + _penalty(transform, values.shape))
        return min(ratios, key=lambda transform: ratios[transform])

    best = try_all(_starters(values.shape))
    while best.axes:
        better = try_all(_neighbors(best, values.shape))
        if ratios[better] > _MARGIN * ratios[best]:
            break
        best = better
    return best


def _usable(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The kernel's axes that may be transformed, and those of rows and columns."""
    kernel = range(1, 3) if _channels_last(shape) else range(2, len(shape))
    spatial = tuple(axis for axis in kernel if shape[axis] > 1)
    return spatial, tuple(axis for axis, n in enumerate(shape) if axis not in kernel and n >= _SHORTEST)


def _channels_last(shape: tuple[int, ...]) -> bool:
    """Whether the shape looks like XNNPACK's [outputs, kernel, kernel, inputs]; PyTorch has the kernel last."""
    return len(shape) == 4 and shape[3] > shape[1] == shape[2] > 1


def _starters(shape: tuple[int, ...]) -> Iterator[Transform]:
    """Where the search starts: the kernel, rows, or columns, whole or in blocks of 16, and all axes together."""
    spatial, others = _usable(shape)
    single = [axes for axes in (spatial, *((axis,) for axis in others)) if axes]
    for axes in single:
        for block in (0, 4):
            yield from _sensible(Transform(axes, block), shape)
    every = tuple(axis for axis, n in enumerate(shape) if n > 1)
    if len(every) > 1:
        yield from _sensible(Transform(every), shape)  # weights that were trained as low frequencies


def _neighbors(transform: Transform, shape: tuple[int, ...]) -> Iterator[Transform]:
    """The same axes in other blocks, and the same blocks with one group of axes added or removed."""
    spatial, others = _usable(shape)
    for block in _BLOCKS:
        yield from _sensible(replace(transform, block=block), shape)
    for axes in (spatial, *((axis,) for axis in others)):
        toggled = tuple(sorted(set(transform.axes) ^ set(axes)))
        if axes and toggled:
            yield from _sensible(replace(transform, axes=toggled), shape)


def _sensible(transform: Transform, shape: tuple[int, ...]) -> Iterator[Transform]:
    """The transform, unless its blocks are as long as the axes or an axis is too long."""
    longest = max(shape[axis] for axis in transform.axes)
    if longest > 1 << transform.block if transform.block else longest <= MAX_TRANSFORM_LENGTH:
        yield transform


def _penalty(transform: Transform, shape: tuple[int, ...]) -> float:
    """Share of the bits that the transform must save to be worth the time of decoding."""
    return sum(min(_MAX_PENALTY, _PENALTY * transform.runs(shape[axis])) for axis in transform.axes)


def _ratio(values: Reals, transform: Transform, step: float) -> float:
    """Bits with a transform over bits without, on a part of the tensor in which the transformed axes are whole."""
    part = values[_part(values.shape, transform.axes)]
    plain = rough_cost(part, Transform(), step)
    return rough_cost(part, transform, step) / plain if plain else inf


def _part(shape: tuple[int, ...], needed: tuple[int, ...]) -> tuple[slice, ...]:
    """The middle of a tensor, about `_SAMPLE` elements: rows and columns are cut unless they are `needed` whole."""
    lengths = list(shape)
    free = sorted((axis for axis in range(min(2, len(shape))) if axis not in needed), key=lambda axis: shape[axis])
    for number, axis in enumerate(free):
        others = prod(lengths) // max(1, prod(lengths[a] for a in free[number:]))
        left = _SAMPLE / max(1, others)
        lengths[axis] = min(shape[axis], max(16, int(left ** (1 / (len(free) - number)))))
    return tuple(slice((n - k) // 2, (n - k) // 2 + k) for n, k in zip(shape, lengths, strict=True))


def rough_cost(values: Reals, transform: Transform, step: float) -> float:
    """Estimated bits under a transform; infinite where the levels cannot be stored."""
    coefs = forward(values, transform)
    levels = _invertible_levels(coefs, transform, step)
    return inf if levels is None else fit.rough_bits(levels, np.abs(coefs))


def invertible_or_none(transform: Transform, values: Reals, step: float) -> Transform:
    """The transform, or none where the exact inverse cannot take its levels."""
    levels = _invertible_levels(forward(values, transform), transform, step)
    return Transform() if levels is None else transform


def _invertible_levels(coefs: Reals, transform: Transform, step: float) -> Ints | None:
    """Nearest levels; None where they are too large for the format or for an exact inverse."""
    levels = round_to_points(coefs, step)
    return None if levels is None or (transform.axes and not invertible(levels)) else levels


def best_region(levels: Ints, scaled: Reals) -> Region:
    """The region of the lowest rate that holds all levels that are not zero, for levels and coefficients [shape]."""
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
