"""The encoder's hot loops in the C++ core; their NumPy counterparts are where these are called.

Each call handles one segment, except `viterbi_with_feedback` (a whole tensor). Arrays are flat, lane after lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..constants import MIN_TRELLIS, TRELLIS_H0, TRELLIS_H1
from . import _core

if TYPE_CHECKING:
    from ..entropy.contexts import ContextModel

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Reals = npt.NDArray[np.float64]
Tables = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], Ints, Ints]


def viterbi(scaled: Reals, contexts: Bytes, prices: Ints, lanes: int, state_bits: int) -> tuple[Ints, Bytes]:
    """Levels and subsets [n], as `encoder.viterbi.find_path` returns them."""
    levels, subsets = np.empty(scaled.size, np.int32), np.empty(scaled.size, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    _core.viterbi(scaled, contexts, prices.reshape(-1), lanes, state_bits, h0, h1, levels, subsets)
    return levels, subsets


def viterbi_with_feedback(
    scaled: Reals,
    contexts: Bytes,
    prices: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    state_bits: int,
) -> tuple[Ints, Bytes]:
    """Levels and subsets [n] of a whole tensor, for U [columns, columns] and D [columns] of `encoder.feedback`.

    `starts` are the first levels of the lanes. There is no NumPy counterpart: sums of errors depend on their order.
    """
    levels, subsets = np.empty(scaled.size, np.int32), np.empty(scaled.size, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    matrices = prices.reshape(-1), upper.reshape(-1), weights
    _core.viterbi_with_feedback(scaled, contexts, *matrices, starts, state_bits, h0, h1, levels, subsets)
    return levels, subsets


def contexts_by_level(points: Ints, axis_sum: npt.NDArray[np.int16], lanes: int, model: ContextModel) -> Bytes:
    """Contexts [n], as `entropy.contexts.ContextModel.of_points` returns them."""
    result = np.empty(points.size, np.uint8)
    terms = axis_sum if model.wp else None
    _core.contexts_by_level(points, terms, lanes, model.row_length, model.contexts, model.wn, model.base, result)
    return result


def histogram(
    levels: Ints, contexts: Bytes, subsets: Bytes | None, shift: Bytes
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Counts [subsets, contexts, 256] and sums [contexts], as `encoder.fit.histogram` returns them."""
    counts = np.empty((1 if subsets is None else 2, len(shift), 256), np.uint32)
    sums = np.empty(len(shift), np.uint64)
    _core.histogram(levels, contexts, subsets, shift, counts.reshape(-1), sums)
    return counts, sums


def encode_lanes(
    levels: Ints, contexts: Bytes, subsets: Bytes | None, count: int, tables: Tables, lanes: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    """States [lanes] and words, as `entropy.lanes.encode` returns them.

    `tables` are frequency, start, reach and shift by row, `count` is the number of contexts.
    """
    frequency, start, reach, shift = tables
    symbols = np.stack([frequency, start], axis=2).astype(np.uint16).reshape(-1)
    states, words = np.empty(lanes, np.uint32), np.empty(5 * levels.size, np.uint16)
    used = _core.encode_lanes(
        levels, contexts, subsets, count, symbols, reach.astype(np.uint8), shift.astype(np.uint8), states, words
    )
    return states, words[len(words) - used :]
