"""Lanes, trellises, contexts and tables, level by level, with the formulas of the reference decoder.

What the package computes with arrays is compared with this; test files are made with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import numpy as np
from reference import reference_levels

from frcodec.constants import MAX_CLASS_SUM, MAX_NEIGHBOR_SUM, SEGMENT_LEVELS
from frcodec.entropy.stream import Quantized, StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.trellis import TrellisStates


def lanes_of(count: int, lanes: int) -> Iterator[range]:
    """Places of the levels of every lane that has some, segment by segment."""
    for start in range(0, count, SEGMENT_LEVELS):
        end = min(start + SEGMENT_LEVELS, count)
        chunk = -(-(end - start) // lanes)
        for first in range(start, end, chunk):
            yield range(first, min(first + chunk, end))


def walk(levels: Sequence[int], state_bits: int) -> Iterator[tuple[int, int, int]]:
    """State, subset and point of every level of a lane."""
    trellis, state = reference_levels.Trellis(state_bits), 0
    for level in levels:
        point, after = trellis.advance(state, level)
        yield state, state % 2, point
        state = after


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


def contexts_of(points: np.ndarray, shape: tuple[int, ...], model: StreamModel) -> list[int]:
    """Contexts of all levels of a stream, given their points [n]."""
    c, sizes = model.context, np.minimum(np.abs(points), MAX_NEIGHBOR_SUM).tolist()
    header = SimpleNamespace(r=c.row_length, wn=c.wn, base=c.base, tables=range(c.contexts))
    sums = np.zeros(shape, np.int64)
    for axis, classes in enumerate(c.axis_classes):
        if classes is not None:
            sums += classes.reshape(-1, *[1] * (len(shape) - 1 - axis))
    weighted = (c.wp * sums.clip(-MAX_CLASS_SUM, MAX_CLASS_SUM)).reshape(-1).tolist()
    return [
        reference_levels.context(header, weighted[place], sizes, place, place - lane.start)
        for lane in lanes_of(points.size, model.lanes)
        for place in lane
    ]


def frequencies_of(table: Table, subset: int) -> list[int]:
    """f(0), f(1) … f(R) of a table in a subset."""
    found = reference_levels.Table(subset, table.zero, table.gap, table.scale, table.exponent)
    frequencies = {symbol: frequency for symbol, frequency, _ in found.slots}
    return [frequencies[symbol] for symbol in range(found.R + 1)]


def subsets_of(levels: np.ndarray, state_bits: int) -> np.ndarray:
    """The subset of every level [iterations, lanes]."""
    result = np.zeros(levels.shape, np.uint8)
    lanes = levels.shape[1]
    states = TrellisStates(state_bits, lanes)
    for iteration, row in enumerate(levels):
        result[iteration] = states.subsets(lanes)
        states.advance(row)
    return result
