"""The trellises against their definition in plain Python, and what makes them good ones."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from definitions import subsets_of, walk
from hypothesis import given
from hypothesis import strategies as st

from frcodec.constants import MAX_LEVEL, MAX_TRELLIS, MIN_TRELLIS
from frcodec.stages import trellis

STATE_BITS = range(MIN_TRELLIS, MAX_TRELLIS + 1)
FREE_DISTANCES = {2: 9, 3: 10, 4: 11, 5: 13, 6: 14, 7: 16, 8: 16}
"""of Ungerboeck's codes for amplitude modulation, squared, by state bits"""
LEVELS = st.integers(-(MAX_LEVEL // 2), MAX_LEVEL // 2) | st.integers(-3, 3)


@pytest.mark.parametrize("state_bits", STATE_BITS)
def test_next_states_are_those_of_a_walk(state_bits):
    """Every state and parity is met on a long enough walk."""
    following = trellis.next_states(state_bits)
    assert following.shape == (2 << state_bits,)
    levels = np.random.default_rng(state_bits).integers(-5, 6, 20_000).tolist()
    states = [state for state, _, _ in walk(levels, state_bits)]
    seen = set()
    for state, level, after in zip(states, levels, states[1:], strict=False):
        seen.add(2 * state + level % 2)
        assert following[2 * state + level % 2] == after
    assert len(seen) == 2 << state_bits


def test_without_a_trellis_there_is_one_state():
    assert trellis.next_states(0).tolist() == [0, 0]


@given(st.sampled_from(STATE_BITS), st.integers(1, 4), st.lists(LEVELS, max_size=40))
def test_subsets_and_points_are_those_of_a_walk(state_bits, lanes, flat):
    iterations = len(flat) // lanes
    laid_out = np.array(flat[: iterations * lanes], np.int32).reshape(lanes, iterations).T
    subsets = subsets_of(laid_out, state_bits)
    points = trellis.points(laid_out, subsets)
    for lane in range(lanes):
        expected = list(walk(laid_out[:, lane].tolist(), state_bits))
        assert subsets[:, lane].tolist() == [subset for _, subset, _ in expected]
        assert points[:, lane].tolist() == [point for _, _, point in expected]


def test_the_points_of_the_subsets():
    levels = np.arange(-3, 4, dtype=np.int32)
    assert trellis.points(levels, np.zeros(7, np.uint8)).tolist() == [-6, -4, -2, 0, 2, 4, 6]
    assert trellis.points(levels, np.ones(7, np.uint8)).tolist() == [-5, -3, -1, 0, 1, 3, 5]


@pytest.mark.parametrize("state_bits", STATE_BITS)
def test_every_state_is_reached_by_an_even_and_an_odd_level(state_bits):
    """From one state each, which the search along the trellis relies on."""
    sources = [[] for _ in range(1 << state_bits)]
    for number, after in enumerate(trellis.next_states(state_bits).tolist()):
        sources[after].append(divmod(number, 2))
    for (first, first_parity), (second, second_parity) in sources:
        assert first != second
        assert {first_parity, second_parity} == {0, 1}


@pytest.mark.parametrize("state_bits", STATE_BITS)
def test_the_free_distance_is_that_of_the_code(state_bits):
    """The least squared distance of two paths that part and meet again, among points of one sign."""
    following = trellis.next_states(state_bits).reshape(-1, 2).tolist()

    def apart(first, second):
        """Squared distance of the points, modulo 4, of two (state, parity)."""
        distance = (2 * first[1] - first[0] % 2 - 2 * second[1] + second[0] % 2) % 4
        return min(distance, 4 - distance) ** 2

    best = 16  # that of two levels of equal parity
    ends = [(apart((state, 0), (state, 1)), *following[state]) for state in range(1 << state_bits)]
    heapq.heapify(ends)
    seen = set()
    while ends:
        distance, one, other = heapq.heappop(ends)
        if distance >= best:
            break
        if one == other:
            best = distance
            continue
        if (one, other) in seen:
            continue
        seen.add((one, other))
        for p in (0, 1):
            for q in (0, 1):
                further = distance + apart((one, p), (other, q))
                heapq.heappush(ends, (further, following[one][p], following[other][q]))
    assert best == FREE_DISTANCES[state_bits]
