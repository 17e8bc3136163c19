"""Rate-distortion optimized quantization along a trellis, by the Viterbi algorithm. Nothing here is normative.

    levels = argmin Σ (x - point)² + λ · bits(level | context, subset)      over all paths from state 0

x is in steps. At high rate one bit less multiplies the squared error by 4, so λ is 2 ln 2 times the mean squared error.
Of all paths into a state only the cheapest can be part of the best one. Costs are integers, so that every
implementation finds the same path.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..stages.trellis import next_states

Reals = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Contexts = npt.NDArray[np.uint8]

LAMBDA: Final = 0.36
"""for the error of a trellis, about 0.25 step² at high rate, which grows with λ itself"""
ONE: Final = 1 << 10
"""cost of an error of 1 step²; a lane's 2^16 levels, each of cost below 2^14, stay below 2^31"""
_FORBIDDEN: Final = 1 << 27
"""cost above that of any level or of any short path"""


def find_path(scaled: Reals, contexts: Contexts, bits: Reals, state_bits: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Levels and their subsets, both [times, lanes], for coefficients [times, lanes] in steps.

    `bits` [2 · contexts, 128] is the cost of each magnitude in each row of the tables. A lane is a path of its own;
    coefficients beyond a lane's end must be 0, which changes no decision before it.
    """
    levels, costs = _candidates(scaled, contexts, bits)
    sources, kinds = _predecessors(state_bits)
    times, lanes = scaled.shape
    total = np.full((1 << state_bits, lanes), 2 * _FORBIDDEN, np.int32)  # cost of the best path into each state
    total[0] = 0
    second = np.empty((times, 1 << state_bits, lanes), np.bool_)
    for time in range(times):
        even, odd = (total[sources[way]] + costs[kinds[way], time] for way in (0, 1))
        np.less(odd, even, out=second[time])
        total = np.minimum(even, odd)
    return _trace_back(total, second, levels, sources, kinds)


def _candidates(scaled: Reals, contexts: Contexts, bits: Reals) -> tuple[Ints, Ints]:
    """The best level of each kind, 2 · subset + parity, and its cost, both [4, times, lanes]."""
    size = np.abs(scaled)
    rates = rate_costs(bits)
    levels = np.empty((4, *scaled.shape), np.int32)
    costs = np.empty((4, *scaled.shape), np.int32)
    for kind in range(4):
        subset, parity = divmod(kind, 2)
        below = ((size + subset) * 0.5).astype(np.int32)  # the largest level of the subset whose point is not above
        below -= below - parity & 1
        low, high = (_cost(size, level, subset, rates[subset], contexts) for level in (below, below + 2))
        take_high = high < low
        levels[kind] = np.where(take_high, below + 2, below)
        costs[kind] = np.where(take_high, high, low)
    return np.where(scaled < 0, -levels, levels), costs


def rate_costs(bits: Reals) -> Ints:
    """λ · bits in 1024ths [2, contexts, 132] of levels -1 (forbidden), 0 … 127 and larger, from bits as above."""
    known = np.rint(bits * (LAMBDA * ONE)).astype(np.int32)
    columns = np.full((len(bits), 1), _FORBIDDEN, np.int32), known, np.repeat(known[:, -1:], 3, axis=1)
    return np.concatenate(columns, axis=1).reshape(2, -1, bits.shape[1] + 4)


def _cost(size: Reals, level: Ints, subset: int, rates: Ints, contexts: Contexts) -> Ints:
    """(x - point)² + λ · bits in 1024ths, the shape of `size` = |x|."""
    distance = size - (2 * level - subset * (level > 0))
    error: Ints = (distance * distance * ONE + 0.5).astype(np.int32)
    rate: Ints = rates[contexts, np.minimum(level + 1, rates.shape[1] - 1)]
    return error + rate


def _predecessors(state_bits: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each state its predecessors by an even and an odd level, and the kinds of those levels [2, states]."""
    following = next_states(state_bits).reshape(-1, 2)
    sources = np.argsort(following, axis=0, kind="stable").T
    return sources, 2 * (sources & 1) + np.arange(2)[:, None]


def _trace_back(
    total: Ints,
    second: npt.NDArray[np.bool_],
    levels: Ints,
    sources: npt.NDArray[np.intp],
    kinds: npt.NDArray[np.intp],
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Levels and subsets [times, lanes] along the cheapest path of each lane, from its end back to its start."""
    times, _, lanes = second.shape
    lane = np.arange(lanes)
    state = total.argmin(axis=0)
    result = np.empty((times, lanes), np.int32)
    subsets = np.empty((times, lanes), np.uint8)
    for time in range(times - 1, -1, -1):
        way = second[time, state, lane].astype(np.intp)
        kind = kinds[way, state]
        result[time] = levels[kind, time, lane]
        subsets[time] = kind >> 1
        state = sources[way, state]
    return result, subsets
