"""The encoder's choice of a stream's model: classes, context weights, tables, lanes. Nothing here is normative."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt

from ..constants import MAX_CONTEXTS, MAX_LANES_LOG2, MAX_ROW_LENGTH, SCALE_CAP, SEGMENT_LEVELS
from .contexts import ContextModel, Levels, neighbor_sums
from .stream import StreamModel, contexts_by_level, segment_sizes
from .tables import SHAPES, TOTAL, ZEROS, Table, tail_weights, zero_frequency

Reals = npt.NDArray[np.float64]

_MAGNITUDES = 256
"""magnitudes told apart when a table is fitted"""
_SAMPLE = 1 << 17
"""levels looked at when the context weights are chosen"""
_TABLE_BITS = 10
"""header bits of one more table, about"""
_STATE_SHARE = 0.003
"""of a stream's bytes that lane states may take"""
_WEIGHTS = ((0, 0), (0, 2), (0, 4), (2, 2), (4, 0), (4, 1), (4, 2), (4, 3), (4, 4))
"""(wp, wn) that are tried"""


@dataclass(frozen=True, slots=True)
class Fit:
    """A model and the bits it is expected to cost, header included."""

    model: StreamModel
    bits: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The best way found to compute contexts, and the bits of all levels under it."""

    context: ContextModel
    bits: float


def fit(levels: Levels, shape: tuple[int, ...], magnitudes: Reals | None = None) -> Fit:
    """Model for these levels [prod(shape)].

    `magnitudes` [shape] are what the levels were rounded from, in steps; without them no axis gets classes.
    """
    return finish(levels, shape, estimate(levels, shape, magnitudes))


def estimate(levels: Levels, shape: tuple[int, ...], magnitudes: Reals | None = None) -> Estimate:
    """The context model that makes a sample of the levels smallest; see `fit`."""
    row = row_length(shape)
    classes = axis_classes(magnitudes) if magnitudes is not None else ()
    lane_guess = min(8, max(0, (levels.size >> 12).bit_length()))
    sample, axis = _sample(levels, shape, ContextModel(row, 1, 1, 0, 0, classes), 1 << lane_guess)
    sums = neighbor_sums(sample, (1, 2, row, 2 * row))
    side = sum(float(np.abs(4 * c + 1).sum() / 2 + len(c) / 2) for c in classes if c is not None)
    share = levels.size / max(1, sample.size)
    best = Estimate(ContextModel(row, 1), np.inf)
    for wp, wn in _WEIGHTS:
        if wp and not any(c is not None for c in classes):
            continue
        trial = ContextModel(row, MAX_CONTEXTS, wp, wn)
        weighted = trial.neighbor_term()[sums] + np.int32(wp) * axis >> 2
        base, contexts = _range(weighted)
        index = np.clip(weighted - base, 0, contexts - 1)
        _, bits = fit_tables(sample, index, contexts)
        cost = bits * share + contexts * _TABLE_BITS + (side if wp else 0)
        if cost < best.bits:
            best = Estimate(ContextModel(row, contexts, wp, wn, base, classes if wp else ()), cost)
    return best


def finish(levels: Levels, shape: tuple[int, ...], found: Estimate) -> Fit:
    """Lanes, and tables fitted to all levels, for a context model."""
    lanes_log2 = _lanes_log2(found.bits, levels.size)
    tables: tuple[Table, ...] = (Table(0, 0, 0),) * found.context.contexts
    if levels.size:
        index = contexts_by_level(levels, shape, StreamModel(lanes_log2, found.context, tables))
        tables, _ = fit_tables(levels, index, found.context.contexts)
    lane_bits = 32 * (1 << lanes_log2) * len(segment_sizes(levels.size))
    return Fit(StreamModel(lanes_log2, found.context, tables), found.bits + lane_bits + 48)


def row_length(shape: tuple[int, ...]) -> int:
    """Longest product of trailing axes, of at least three levels if possible, that keeps neighbours close.

    The kernel of a convolution is a row; without one, the last axis is.
    """
    kernel = prod(shape[2:])
    if len(shape) > 2 and kernel > 1:
        return min(kernel, MAX_ROW_LENGTH)
    if len(shape) < 2:
        return 1
    return min(max(1, prod(shape[1:])), MAX_ROW_LENGTH)


def axis_classes(magnitudes: Reals) -> tuple[npt.NDArray[np.int64] | None, ...]:
    """Half-octave classes of the separable model E|x| = m · s0[i] · s1[j] …; None for axes not worth their bits."""
    axes = range(magnitudes.ndim)
    mean = float(magnitudes.mean()) if magnitudes.size else 0.0
    if mean == 0.0:
        return tuple(None for _ in axes)
    # rows and columns of weights are close to independent: one marginal an axis is enough
    marginals = [magnitudes.mean(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    scales = [np.maximum(marginal / mean, 2.0**-10) for marginal in marginals]
    result: list[npt.NDArray[np.int64] | None] = []
    for scale in scales:
        octaves = 2 * np.log2(scale)
        classes = np.rint(octaves - np.median(octaves)).astype(np.int64)
        cost = float(np.where(classes >= 0, 2 * classes + 1, -2 * classes).sum())
        gain = 0.35 * magnitudes.size * float(np.mean((np.log(2) / 2 * (octaves - octaves.mean())) ** 2))
        result.append(np.clip(classes, -100, 100) if len(scale) > 1 and gain > cost else None)
    return tuple(result)


def fit_tables(levels: Levels, contexts: npt.NDArray[np.intp], count: int) -> tuple[tuple[Table, ...], float]:
    """The best table of each context and the bits of all levels under them."""
    flat, where = levels.reshape(-1), contexts.reshape(-1)
    total = np.bincount(where, minlength=count).astype(np.float64)
    mean = np.bincount(where, weights=np.abs(flat), minlength=count) / np.maximum(total, 1)
    shift = np.maximum(0, np.ceil(np.log2(np.maximum(mean, 1e-9) / 9))).astype(np.int32)
    if shift.any():
        lift = ((np.int64(1) << shift.astype(np.int64)) >> 1).astype(np.int64)
        flat = (flat + lift[where] >> shift[where]).astype(np.int32)
    magnitude = np.minimum(np.abs(flat), _MAGNITUDES - 1)
    histogram = np.bincount(where * _MAGNITUDES + magnitude, minlength=count * _MAGNITUDES)
    histogram = histogram.reshape(count, _MAGNITUDES).astype(np.float64)
    zeros = histogram[:, :1]
    zero_bits = zeros * _ZERO_COST[0] + (total[:, None] - zeros) * _ZERO_COST[1]
    tail_bits = histogram[:, 1:] @ _tail_costs().T
    tail_bits += np.where((shift[:, None] > 0) & (_SCALE_OF[None] <= SCALE_CAP - 4), np.inf, 0)
    best_zero, best_tail = zero_bits.argmin(axis=1), tail_bits.argmin(axis=1)
    bits = zero_bits.min(axis=1).sum() + tail_bits.min(axis=1).sum() + (total * shift).sum()
    scale = _SCALE_OF[best_tail] + 4 * shift
    tables: list[Table] = []
    for c in range(count):
        empty = total[c] == 0 and tables
        chosen = Table(int(best_zero[c]), min(63, int(scale[c])), int(best_tail[c]) % SHAPES)
        tables.append(tables[-1] if empty else chosen)
    return tuple(tables), float(bits)


_SCALE_OF = np.repeat(np.arange(SCALE_CAP + 1), SHAPES)
_ZERO_SHARE = np.array([zero_frequency(z) for z in range(ZEROS)]) / TOTAL
_ZERO_COST = -np.log2(_ZERO_SHARE), -np.log2(1 - _ZERO_SHARE)


@lru_cache(maxsize=1)
def _tail_costs() -> Reals:
    """Bits of the magnitudes 1 … 255, given that a level is not zero, by scale and shape [84, 255]."""
    costs = np.empty((len(_SCALE_OF), _MAGNITUDES - 1))
    for row, (scale, shape) in enumerate(product(range(SCALE_CAP + 1), range(SHAPES))):
        weights = np.array(tail_weights(scale, shape), np.float64)
        share = weights[: _MAGNITUDES - 1] / (2 * weights.sum())
        escape = 14 + 2 * np.log2(np.arange(1, _MAGNITUDES))  # also a bound for what the table leaves out
        costs[row] = np.minimum(-np.log2(np.maximum(share, 1e-12)), escape)
    return costs


def _range(weighted: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Base and number of contexts, with thin contexts at both ends merged into their neighbours."""
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
    """As many lanes as the share of the states allows, but enough that a segment takes at most 2^16 steps."""
    segments = len(segment_sizes(count)) or 1
    allowed = bits / 8 / segments * _STATE_SHARE / 4
    needed = (min(count, SEGMENT_LEVELS) - 1 >> 16).bit_length() if count else 0
    return min(MAX_LANES_LOG2, max(needed, int(allowed).bit_length() - 1))


def _sample(
    levels: Levels, shape: tuple[int, ...], context: ContextModel, lane_count: int
) -> tuple[Levels, npt.NDArray[np.int16]]:
    """Some lanes of the levels and p of each, both in time [steps, lanes]."""
    axis_sum = context.axis_sum(shape) if context.axis_classes else np.zeros(levels.size, np.int16)
    every = max(1, levels.size // _SAMPLE)
    steps = -(-levels.size // (lane_count * every))
    if steps == 0:
        return np.zeros((0, 1), np.int32), np.zeros((0, 1), np.int16)
    usable = levels.size // steps * steps
    take = slice(0, None, every)
    mine = levels[:usable].reshape(-1, steps)[take].T
    return np.ascontiguousarray(mine), np.ascontiguousarray(axis_sum[:usable].reshape(-1, steps)[take].T)
