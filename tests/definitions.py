"""Lanes, trellis and contexts as the specification defines them, level by level in plain Python.

What the package computes with arrays is compared with this; test files are made with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt

import numpy as np

from frcodec.constants import MAX_CLASS_SUM, MAX_NEIGHBOR_SUM, SEGMENT_LEVELS, TRELLIS_H0, TRELLIS_H1
from frcodec.entropy.stream import Quantized, StreamModel


def lanes_of(count: int, lanes: int) -> Iterator[range]:
    """Places of the levels of every lane that has some, segment by segment."""
    for start in range(0, count, SEGMENT_LEVELS):
        end = min(start + SEGMENT_LEVELS, count)
        chunk = -(-(end - start) // lanes)
        for first in range(start, end, chunk):
            yield range(first, min(first + chunk, end))


def walk(levels: Sequence[int], state_bits: int) -> Iterator[tuple[int, int, int]]:
    """State, subset and point of every level of a lane."""
    state = 0
    for level in levels:
        if not state_bits:
            yield 0, 0, level
            continue
        subset = state % 2
        yield state, subset, 2 * level - subset * ((level > 0) - (level < 0))
        state >>= 1
        if subset:
            state ^= TRELLIS_H0[state_bits - 2] >> 1
        if level % 2:
            state ^= TRELLIS_H1[state_bits - 2] >> 1


def quantized(levels: np.ndarray, model: StreamModel) -> Quantized:
    """All levels [n] of a stream with their subsets."""
    if not model.state_bits:
        return Quantized(levels)
    subsets = np.zeros(levels.size, np.uint8)
    for lane in lanes_of(levels.size, model.lanes):
        part = slice(lane.start, lane.stop)
        subsets[part] = [subset for _, subset, _ in walk(levels[part].tolist(), model.state_bits)]
    return Quantized(levels, subsets)


def points_of(levels: np.ndarray, model: StreamModel) -> np.ndarray:
    """What all levels [n] of a stream stand for."""
    if not model.state_bits:
        return levels
    points = np.zeros_like(levels)
    for lane in lanes_of(levels.size, model.lanes):
        part = slice(lane.start, lane.stop)
        points[part] = [point for _, _, point in walk(levels[part].tolist(), model.state_bits)]
    return points


def neighbor_class(t: int) -> int:
    """N: the quarter octave that a sum of magnitudes lies in, 0 for 0."""
    if t == 0:
        return 0
    octave = t.bit_length() - 1
    return 1 + 4 * octave + sum(t**4 >= 1 << 4 * octave + quarter for quarter in (1, 2, 3))


def contexts_of(points: np.ndarray, shape: tuple[int, ...], model: StreamModel) -> list[int]:
    """Contexts of all levels of a stream, given their points [n]."""
    context, size = model.context, np.minimum(np.abs(points), MAX_NEIGHBOR_SUM).tolist()
    row, found = context.row_length, []
    for lane in lanes_of(points.size, model.lanes):
        for place in lane:
            t = sum(size[place - back] for back in (1, 2, row, 2 * row) if place - back >= lane.start)
            n = neighbor_class(min(t, MAX_NEIGHBOR_SUM))
            indices = np.unravel_index(place, shape)
            p = sum(int(c[i]) for c, i in zip(context.axis_classes, indices, strict=False) if c is not None)
            p = max(-MAX_CLASS_SUM, min(p, MAX_CLASS_SUM))
            found.append(min(max((context.wp * p + context.wn * n) // 8 - context.base, 0), context.contexts - 1))
    return found


def frequencies_of(zero: int, gap: int, scale: int, shape: int, subset: int, exp2: Sequence[int]) -> list[int]:
    """f(0), f(1) … f(R) of a table in a subset."""
    s = scale - 4 * max(0, (scale - 20 + 3) >> 2)
    z = (zero + subset * gap) % 64
    odds = exp2[16 * abs(z - 24) % 64] >> (16 * abs(z - 24) // 64)
    rare = (4096 * odds + (odds + 65536) // 2) // (odds + 65536)
    a = 8 * (shape + 1) * (s - 4) + 256
    c = exp2[a % 64] * 2**14 >> a // 64
    energies = [isqrt((2 * j - subset) ** (shape + 1) << 16) * c >> 28 for j in range(1, 1024)]
    weights = [exp2[(e - energies[0]) % 64] >> min((e - energies[0]) // 64, 17) for e in energies]
    result = [rare if z < 24 else 4096 - rare]
    below = 0
    for j in range(1, 128):
        upto = sum(weights[:j]) * (4095 - result[0]) // (2 * sum(weights))
        if upto == below:
            break
        result.append(upto - below)
        below = upto
    return result
