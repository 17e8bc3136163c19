"""Fits a stream's model to its levels: axis classes, context weights, tables, lanes. Nothing here is normative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .. import native
from ..constants import CONTEXT_SHIFT, MAX_CONTEXTS, MAX_LANES_LOG2, MAX_ROW_LENGTH, SCALE_CAP, SEGMENT_LEVELS
from ..entropy.contexts import ContextModel, Levels, neighbor_sums
from ..entropy.segments import segment_sizes
from ..entropy.stream import Contexts, Quantized, StreamModel, contexts_by_level
from ..entropy.tables import SCALES, SHAPES, TOTAL, ZEROS, Table, tail_weights, zero_frequency
from ..native import encoder as native_encoder

Reals = npt.NDArray[np.float64]
_Number = TypeVar("_Number", np.int16, np.int32, np.uint8)

_MAGNITUDES = 256
"""magnitudes of a histogram; the last bin holds all larger ones"""
_SAMPLE = 1 << 16
"""levels on which context weights are compared, about"""
_TABLE_BITS = 10
"""header bits of a table, about"""
_STATE_SHARE = 0.001
"""share of a stream's bytes for lane states, at most"""
_WEIGHTS = ((0, 0), (0, 2), (0, 4), (2, 2), (4, 0), (4, 1), (4, 2), (4, 3), (4, 4), (8, 0))
"""(wp, wn) that are tried: weights of axis classes and of neighbours; 4 makes contexts of half octaves"""
_FEW_WEIGHTS = ((0, 0), (0, 4), (4, 0), (4, 2))
"""the same for a rough estimate"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The best context model found, and the bits of all levels under it."""

    context: ContextModel
    bits: float


def fit(
    quantized: Quantized, shape: tuple[int, ...], magnitudes: Reals | None = None, state_bits: int = 0
) -> StreamModel:
    """The model of the lowest estimated rate for these levels [prod(shape)], on a trellis of 2^state_bits states.

    `magnitudes` [shape] are those of the coefficients before rounding, in any unit; without them no axis gets classes.
    """
    best = estimate(quantized, shape, magnitudes)
    lanes_log2 = _lanes_log2(best.bits, quantized.levels.size)
    return with_tables(quantized, shape, StreamModel(lanes_log2, state_bits, best.context, ()))


def with_tables(quantized: Quantized, shape: tuple[int, ...], model: StreamModel) -> StreamModel:
    """The same model with tables fitted to these levels."""
    count = model.context.contexts
    if not quantized.levels.size:
        return replace(model, tables=(Table(0, 0, 0),) * count)
    contexts = contexts_by_level(quantized.points, shape, model)
    tables, _ = fit_tables(quantized, contexts, count)
    return replace(model, tables=tables)


def rough_bits(levels: Levels, magnitudes: Reals) -> float:
    """Estimated bits of levels [shape], good enough to compare transforms."""
    return estimate(Quantized(levels.reshape(-1)), levels.shape, magnitudes, _FEW_WEIGHTS).bits


def estimate(
    quantized: Quantized,
    shape: tuple[int, ...],
    magnitudes: Reals | None = None,
    weights: Sequence[tuple[int, int]] = _WEIGHTS,
) -> Estimate:
    """The context model of the lowest rate on a sample of the levels; see `fit`."""
    row = row_length(shape)
    size = quantized.levels.size
    classes = axis_classes(magnitudes) if magnitudes is not None else ()
    lane_guess = min(8, max(0, (size >> 12).bit_length()))
    axis_sum = ContextModel(row, 1, 1, 0, 0, classes).axis_sum(shape) if classes else np.zeros(size, np.int16)
    axis = _sample(axis_sum, 1 << lane_guess)
    subsets = None if quantized.subsets is None else _sample(quantized.subsets, 1 << lane_guess)
    sample = Quantized(_sample(quantized.levels, 1 << lane_guess), subsets)
    sums = neighbor_sums(sample.points, (1, 2, row, 2 * row))
    side = sum(_class_bits(c) for c in classes if c is not None)
    share = size / max(1, sample.levels.size)
    best = Estimate(ContextModel(row, 1), np.inf)
    for wp, wn in weights:
        if wp and not any(c is not None for c in classes):
            continue
        trial = ContextModel(row, MAX_CONTEXTS, wp, wn)
        weighted = trial.neighbor_term()[sums] + np.int32(wp) * axis >> CONTEXT_SHIFT
        base, contexts = _range(weighted)
        index = np.clip(weighted - base, 0, contexts - 1).astype(np.uint8)
        _, bits = fit_tables(sample, index, contexts)
        cost = bits * share + contexts * _TABLE_BITS + (side if wp else 0)
        if cost < best.bits:
            best = Estimate(ContextModel(row, contexts, wp, wn, base, classes if wp else ()), cost)
    return best


def row_length(shape: tuple[int, ...]) -> int:
    """Distance in levels to the neighbour above: a kernel's elements, or a row of a matrix; 1 for vectors.

    At most MAX_ROW_LENGTH. A kernel of one element counts as none.
    """
    kernel = prod(shape[2:])
    if len(shape) > 2 and kernel > 1:
        return min(kernel, MAX_ROW_LENGTH)
    if len(shape) < 2:
        return 1
    return min(max(1, prod(shape[1:])), MAX_ROW_LENGTH)


def axis_classes(magnitudes: Reals) -> tuple[npt.NDArray[np.int64] | None, ...]:
    """Quarter-octave classes of the separable model E|x| = m · s0[i] · s1[j] …; None for axes that do not pay.

    Of quarter and half octaves (all classes even) the cheaper is chosen for each axis.
    """
    axes = range(magnitudes.ndim)
    mean = float(magnitudes.mean()) if magnitudes.size else 0.0
    if mean == 0.0:
        return tuple(None for _ in axes)
    # rows and columns of weights are close to independent: one marginal an axis is enough
    marginals = [magnitudes.mean(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    scales = [np.maximum(marginal / mean, 2.0**-10) for marginal in marginals]
    result: list[npt.NDArray[np.int64] | None] = []
    for scale in scales:
        octaves = np.log2(scale)
        octaves -= np.median(octaves)
        best, least = None, 0.35 * magnitudes.size * _squared(octaves - octaves.mean())
        for width in (2, 1):
            classes = width * np.clip(np.rint(octaves * (4 // width)), -100, 100).astype(np.int64)
            cost = 0.35 * magnitudes.size * _squared(octaves - classes / 4) + _class_bits(classes)
            if len(scale) > 1 and cost < least:
                best, least = classes, cost
        result.append(best)
    return tuple(result)


def _squared(octaves: Reals) -> float:
    """Mean square of an error in log scale, in squared nats; a level costs about 0.35 of it in bits."""
    return float(np.mean(np.square(np.log(2) * octaves)))


def _class_bits(classes: npt.NDArray[np.int64]) -> float:
    """Header bits of one axis' classes."""
    coded = classes if (classes & 1).any() else classes // 2
    return float(np.where(coded >= 0, 2 * coded + 1, -2 * coded).sum())


def fit_tables(quantized: Quantized, contexts: Contexts, count: int) -> tuple[tuple[Table, ...], float]:
    """The cheapest table of each of `count` contexts, and the bits of all levels under them."""
    counts, sums = histogram(quantized, contexts, np.zeros(count, np.uint8))
    total = counts.sum(axis=(0, 2), dtype=np.float64)
    shift = np.maximum(0, np.ceil(np.log2(np.maximum(sums / np.maximum(total, 1), 1e-9) / 9))).astype(np.uint8)
    if shift.any():
        counts, _ = histogram(quantized, contexts, shift)
    zeros, rest = counts[:, :, :1].astype(np.float64), counts[:, :, 1:].astype(np.float64)
    nonzero = rest.sum(axis=2, keepdims=True)
    zero_bits = zeros * _ZERO_COST[0] + nonzero * _ZERO_COST[1]
    tail_bits = sum((rest[subset] @ _tail_costs(subset).T for subset in range(len(rest))), start=np.zeros(1))
    tail_bits += np.where((shift[:, None] > 0) & (_SCALE_OF[None] <= SCALE_CAP - 4), np.inf, 0)
    best_zero, best_tail = zero_bits.argmin(axis=2), tail_bits.argmin(axis=1)
    bits = zero_bits.min(axis=2).sum() + tail_bits.min(axis=1).sum() + (total * shift).sum()
    scale = np.minimum(SCALES - 1, _SCALE_OF[best_tail] + 4 * shift.astype(np.int64))
    tables: list[Table] = []
    for c in range(count):
        if total[c] == 0 and tables:
            tables.append(tables[-1])
            continue
        gap = int(best_zero[1, c] - best_zero[0, c]) % ZEROS if len(rest) == 2 else 0
        tables.append(Table(int(best_zero[0, c]), int(scale[c]), int(best_tail[c]) % SHAPES, gap))
    return tuple(tables), float(bits)


def histogram(
    quantized: Quantized, contexts: Contexts, shift: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Counts of shifted magnitudes [subsets, contexts, 256], the last bin open, and sums of magnitudes [contexts].

    A magnitude is counted without its low bits, `shift` [contexts] of them, round_to_points.
    """
    levels, where = quantized.levels.reshape(-1), contexts.reshape(-1)
    subsets = None if quantized.subsets is None else quantized.subsets.reshape(-1)
    if native.enabled():
        return native_encoder.histogram(levels, where, subsets, shift)
    count = len(shift)
    sums = np.bincount(where, weights=np.abs(levels), minlength=count).astype(np.uint64)
    width = shift.astype(np.int64)[where]
    high = levels + (np.int64(1) << width >> 1) >> width
    rows = where.astype(np.intp) + (subsets * np.intp(count) if subsets is not None else 0)
    place = rows * _MAGNITUDES + np.minimum(np.abs(high), _MAGNITUDES - 1)
    size = (1 if subsets is None else 2) * count * _MAGNITUDES
    return np.bincount(place, minlength=size).astype(np.uint32).reshape(-1, count, _MAGNITUDES), sums


_SCALE_OF = np.repeat(np.arange(SCALE_CAP + 1), SHAPES)
_ZERO_SHARE = np.array([zero_frequency(z) for z in range(ZEROS)]) / TOTAL
_ZERO_COST = -np.log2(_ZERO_SHARE), -np.log2(1 - _ZERO_SHARE)


@lru_cache(maxsize=2)
def _tail_costs(subset: int) -> Reals:
    """Bits of the magnitudes 1 … 255, given that a level is not zero, by scale and exponent [84, 255]."""
    costs = np.empty((len(_SCALE_OF), _MAGNITUDES - 1))
    for row, (scale, shape) in enumerate(product(range(SCALE_CAP + 1), range(SHAPES))):
        weights = np.array(tail_weights(scale, shape, subset), np.float64)
        share = weights[: _MAGNITUDES - 1] / (2 * weights.sum())
        escape = 14 + 2 * np.log2(np.arange(1, _MAGNITUDES))  # also an upper bound for magnitudes beyond the table
        costs[row] = np.minimum(-np.log2(np.maximum(share, 1e-12)), escape)
    return costs


def _range(weighted: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Base and number of contexts; contexts of few levels at both ends are merged into their neighbours."""
    if not weighted.size:
        return 0, 1
    lowest = int(weighted.min())
    counts = np.bincount((weighted - lowest).reshape(-1))
    enough = min(200, counts.sum() // 4)
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    first = int(np.flatnonzero(below >= enough)[0])
    last = int(np.flatnonzero(above >= enough)[-1])
    last = min(max(first, last), first + MAX_CONTEXTS - 1)
    return lowest + first, last - first + 1


def _lanes_log2(bits: float, count: int) -> int:
    """As many lanes as the share of the states allows, but enough that a lane has at most 2^16 levels per segment."""
    segments = len(segment_sizes(count)) or 1
    allowed = bits / 8 / segments * _STATE_SHARE / 4
    needed = (min(count, SEGMENT_LEVELS) - 1 >> 16).bit_length() if count else 0
    return min(MAX_LANES_LOG2, max(needed, int(allowed).bit_length() - 1))


def _sample(values: npt.NDArray[_Number], lane_count: int) -> npt.NDArray[_Number]:
    """Some lanes of values by level [n], laid out in time [times, lanes]."""
    every = max(1, values.size // _SAMPLE)
    times = -(-values.size // (lane_count * every))
    if times == 0:
        return np.zeros((0, 1), values.dtype)
    usable = values.size // times * times
    return np.ascontiguousarray(values[:usable].reshape(-1, times)[::every].T)
