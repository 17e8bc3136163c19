"""Rate-distortion optimized decisions along a trellis: which level each coefficient becomes. Nothing here is normative.

    levels = argmin Σ (x - point)² + λ · bits(level | context, subset)      over all paths from state 0

x is in steps. At high rate a bit less costs 2 ln 2 times the mean squared error more, which is λ. The path is found by
the Viterbi algorithm: of all paths into a state only the cheapest can be part of the best one. Costs are integers, so
every implementation finds the same path.
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
"""of a trellis whose error is about 0.25 step² at high rate and grows with λ itself"""
ONE: Final = 1 << 10
"""costs of 1 step²; 2^16 steps of a lane, each below 2^14, stay below 2^31"""
_NEVER: Final = 1 << 27
"""more than any step of a path costs, or the first steps of it"""


def find_path(scaled: Reals, contexts: Contexts, bits: Reals, state_bits: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Levels and their subsets, both [steps, lanes], for coefficients [steps, lanes] in steps.

    `bits` [2 · contexts, 128] is the cost of each magnitude in each row of the tables. A lane is a path of its own;
    what lies behind a lane's end must be 0, which costs nothing that matters.
    """
    levels, costs = _candidates(scaled, contexts, bits)
    sources, kinds = _arrivals(state_bits)
    steps, lanes = scaled.shape
    total = np.full((1 << state_bits, lanes), 2 * _NEVER, np.int32)
    total[0] = 0
    second = np.empty((steps, 1 << state_bits, lanes), np.bool_)
    for step in range(steps):
        even, odd = (total[sources[way]] + costs[kinds[way], step] for way in (0, 1))
        np.less(odd, even, out=second[step])
        total = np.minimum(even, odd)
    return _traced(total, second, levels, sources, kinds)


def _candidates(scaled: Reals, contexts: Contexts, bits: Reals) -> tuple[Ints, Ints]:
    """The best level of each kind, 2 · subset + parity, and its cost [4, steps, lanes]."""
    size = np.abs(scaled)
    price = prices(bits)
    levels = np.empty((4, *scaled.shape), np.int32)
    costs = np.empty((4, *scaled.shape), np.int32)
    for kind in range(4):
        subset, parity = divmod(kind, 2)
        below = ((size + subset) * 0.5).astype(np.int32)  # the largest level of the subset whose point is not above
        below -= below - parity & 1
        low, high = (_cost(size, level, subset, price[subset], contexts) for level in (below, below + 2))
        take_high = high < low
        levels[kind] = np.where(take_high, below + 2, below)
        costs[kind] = np.where(take_high, high, low)
    return np.where(scaled < 0, -levels, levels), costs


def prices(bits: Reals) -> Ints:
    """λ · bits in 1024ths [2, contexts, 132] of level -1, which must never be taken, of 0 … 127, and of larger ones."""
    known = np.rint(bits * (LAMBDA * ONE)).astype(np.int32)
    columns = np.full((len(bits), 1), _NEVER, np.int32), known, np.repeat(known[:, -1:], 3, axis=1)
    return np.concatenate(columns, axis=1).reshape(2, -1, bits.shape[1] + 4)


def _cost(size: Reals, level: Ints, subset: int, price: Ints, contexts: Contexts) -> Ints:
    """(x - point)² + λ · bits, in 1024ths."""
    distance = size - (2 * level - subset * (level > 0))
    error: Ints = (distance * distance * ONE + 0.5).astype(np.int32)
    rate: Ints = price[contexts, np.minimum(level + 1, price.shape[1] - 1)]
    return error + rate


def _arrivals(state_bits: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each state its predecessors by an even and an odd level, and the kinds of those levels [2, states]."""
    following = next_states(state_bits).reshape(-1, 2)
    sources = np.argsort(following, axis=0, kind="stable").T
    return sources, 2 * (sources & 1) + np.arange(2)[:, None]


def _traced(
    total: Ints,
    second: npt.NDArray[np.bool_],
    levels: Ints,
    sources: npt.NDArray[np.intp],
    kinds: npt.NDArray[np.intp],
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """The levels along the cheapest path of each lane, from its end back to its start."""
    steps, _, lanes = second.shape
    lane = np.arange(lanes)
    state = total.argmin(axis=0)
    result = np.empty((steps, lanes), np.int32)
    subsets = np.empty((steps, lanes), np.uint8)
    for step in range(steps - 1, -1, -1):
        way = second[step, state, lane].astype(np.intp)
        kind = kinds[way, state]
        result[step] = levels[kind, step, lane]
        subsets[step] = kind >> 1
        state = sources[way, state]
    return result, subsets
