"""Trellis-coded quantization: two subsets of the points, chosen by a state machine (spec section "Trellis").

    subset u    0: the points 0, ±2, ±4 …      1: the points 0, ±1, ±3 …       the lowest bit of the state
    point      2 · level - u · sign(level)
    next state (state >> 1) ^ (u ? h0 >> 1 : 0) ^ (level odd ? h1 >> 1 : 0)

The decoder knows the state, hence the subset, and a level selects a point of it: twice the points at equal rate.
The states are those of Ungerboeck's systematic feedback encoders with the parity-check polynomials h0 and h1
(Channel coding with multilevel/phase signals, IEEE Trans. Inform. Theory 28, 1982), used for quantization as by
Marcellin and Fischer (Trellis coded quantization of memoryless and Gauss-Markov sources, IEEE Trans. Commun. 38, 1990).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..constants import MIN_TRELLIS, TRELLIS_H0, TRELLIS_H1

Ints = npt.NDArray[np.int32]
States = npt.NDArray[np.uint8]


@lru_cache(maxsize=16)
def next_states(state_bits: int) -> States:
    """The state after a level, by 2 · state + (level odd) [2 · 2^state_bits]; without a trellis always 0 [2]."""
    if not state_bits:
        return np.zeros(2, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    state, odd = np.divmod(np.arange(2 << state_bits), 2)
    result: States = (state >> 1 ^ (h0 >> 1) * (state & 1) ^ (h1 >> 1) * odd).astype(np.uint8)
    return result


class TrellisStates:
    """The trellis states of lanes that advance together, one level of each at a time; all start in state 0."""

    def __init__(self, state_bits: int, lanes: int) -> None:
        self._next = next_states(state_bits).astype(np.int32)
        self._states = np.zeros(lanes, np.int32)

    def subsets(self, active: int) -> Ints:
        """The subsets of the next levels of the first `active` lanes [active]."""
        return self._states[:active] & 1

    def advance(self, levels: Ints) -> None:
        """Move the first lanes on by a level each [active]."""
        active = len(levels)
        self._states[:active] = self._next[2 * self._states[:active] + (levels & 1)]


def points(levels: Ints, subsets: npt.NDArray[np.integer]) -> Ints:
    """The points of levels in these subsets; all of one shape."""
    return 2 * levels - subsets.astype(np.int32, copy=False) * np.sign(levels)
