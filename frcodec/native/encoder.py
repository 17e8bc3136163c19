"""The encoder's hot loops in the C++ core, one segment a call; their NumPy twins stand where these are called.

Arrays are flat, lane after lane.
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


def find_path(scaled: Reals, contexts: Bytes, prices: Ints, lanes: int, state_bits: int) -> tuple[Ints, Bytes]:
    """What `encoder.viterbi.find_path` finds: levels and subsets [n]."""
    levels, subsets = np.empty(scaled.size, np.int32), np.empty(scaled.size, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    _core.viterbi(scaled, contexts, prices.reshape(-1), lanes, state_bits, h0, h1, levels, subsets)
    return levels, subsets


def find_path_with_feedback(
    scaled: Reals,
    contexts: Bytes,
    prices: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    state_bits: int,
) -> tuple[Ints, Bytes]:
    """Levels and subsets [n] of a whole tensor, for U [columns, columns] and D [columns] of `encoder.feedback`.

    `starts` are the places where lanes begin. There is no NumPy twin: sums of errors depend on their order.
    """
    levels, subsets = np.empty(scaled.size, np.int32), np.empty(scaled.size, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    matrices = prices.reshape(-1), upper.reshape(-1), weights
    _core.viterbi_with_feedback(scaled, contexts, *matrices, starts, state_bits, h0, h1, levels, subsets)
    return levels, subsets


def contexts_by_level(points: Ints, axis_sum: npt.NDArray[np.int16], lanes: int, model: ContextModel) -> Bytes:
    """What `entropy.stream.contexts_in_time` finds [n]."""
    found = np.empty(points.size, np.uint8)
    terms = axis_sum if model.wp else None
    _core.contexts_by_level(points, terms, lanes, model.row_length, model.contexts, model.wn, model.base, found)
    return found


def histogram(
    levels: Ints, contexts: Bytes, subsets: Bytes | None, shift: Bytes
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """What `entropy.fit.histogram` finds."""
    counts = np.empty((1 if subsets is None else 2, len(shift), 256), np.uint32)
    sums = np.empty(len(shift), np.uint64)
    _core.histogram(levels, contexts, subsets, shift, counts.reshape(-1), sums)
    return counts, sums


def encode_lanes(
    levels: Ints, contexts: Bytes, subsets: Bytes | None, count: int, tables: Tables, lanes: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    """What `entropy.lanes.encode` makes: states and words. `tables` are frequency, start, reach and shift by row."""
    frequency, start, reach, shift = tables
    symbols = np.stack([frequency, start], axis=2).astype(np.uint16).reshape(-1)
    states, words = np.empty(lanes, np.uint32), np.empty(5 * levels.size, np.uint16)
    used = _core.encode_lanes(
        levels, contexts, subsets, count, symbols, reach.astype(np.uint8), shift.astype(np.uint8), states, words
    )
    return states, words[len(words) - used :]
