"""Trellis-coded quantization: which half of the points a level stands for (spec section "Trellis").

    subset u    0: the points 0, ±2, ±4 …      1: the points 0, ±1, ±3 …       the lowest bit of the state
    point      2 · level - u · sign(level)
    next state (state >> 1) ^ (u ? h0 >> 1 : 0) ^ (level odd ? h1 >> 1 : 0)

A decoder knows the state, so a level says which of every other point it means: twice the points for the same bits.
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
    """The state after a level by 2 · state + (level odd) [2 · 2^state_bits]; one state that stays for 0 bits."""
    if not state_bits:
        return np.zeros(2, np.uint8)
    h0, h1 = TRELLIS_H0[state_bits - MIN_TRELLIS], TRELLIS_H1[state_bits - MIN_TRELLIS]
    state, odd = np.divmod(np.arange(2 << state_bits), 2)
    following: States = (state >> 1 ^ (h0 >> 1) * (state & 1) ^ (h1 >> 1) * odd).astype(np.uint8)
    return following


def points(levels: Ints, subsets: npt.NDArray[np.uint8]) -> Ints:
    """What levels stand for, of any shape, in a stream with a trellis."""
    return 2 * levels - subsets.astype(np.int32) * np.sign(levels)


def subsets(levels: Ints, state_bits: int) -> npt.NDArray[np.uint8]:
    """u of every level of lanes laid out in time [steps, lanes]; lanes start in state 0."""
    following = next_states(state_bits)
    odd = (levels & 1).astype(np.uint8)
    result = np.zeros(levels.shape, np.uint8)
    state = np.zeros(levels.shape[1:], np.uint8)
    for step, parities in enumerate(odd):
        result[step] = state & 1
        state = following[2 * state.astype(np.intp) + parities]
    return result
