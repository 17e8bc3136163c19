"""The Viterbi search finds the cheapest path, by comparison with all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from definitions import subsets_of, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from frcodec.constants import MAX_TRELLIS, MIN_TRELLIS
from frcodec.encoder.viterbi import LAMBDA, ONE, viterbi
from frcodec.stages import trellis

LARGEST = 3
"""largest level of the paths that are tried; no better one is larger"""
PATHS = {n: np.array(list(product(range(-LARGEST, LARGEST + 1), repeat=n)), np.int32) for n in range(1, 6)}


def _cost(scaled, contexts, bits, levels, state_bits):
    """Costs of paths [paths] of levels [paths, steps], from their definition."""
    in_time = levels.T
    subsets = subsets_of(in_time, state_bits)
    points = trellis.points(in_time, subsets)
    squares = np.floor((scaled[:, None] - points) ** 2 * ONE + 0.5)
    rates = np.rint(bits * LAMBDA * ONE)[subsets * np.intp(len(bits) // 2) + contexts[:, None], np.abs(in_time)]
    return (squares + rates).sum(axis=0)


@settings(max_examples=150)
@given(st.integers(MIN_TRELLIS, MAX_TRELLIS), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_no_other_path_is_cheaper(state_bits, steps, lanes, seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    scaled = rng.uniform(-4.5, 4.5, (steps, lanes)) * rng.choice([1, 0.3])
    contexts = rng.integers(0, count, (steps, lanes)).astype(np.uint8)
    bits = np.sort(rng.uniform(0, 16, (2 * count, 128)), axis=1)
    levels, subsets = viterbi(scaled, contexts, bits, state_bits)
    assert levels.shape == subsets.shape == scaled.shape
    for lane in range(lanes):
        assert subsets[:, lane].tolist() == [subset for _, subset, _ in walk(levels[:, lane].tolist(), state_bits)]
        lane_inputs = scaled[:, lane], contexts[:, lane], bits
        found = _cost(*lane_inputs, levels[None, :, lane], state_bits)[0]
        assert found == _cost(*lane_inputs, PATHS[steps], state_bits).min()


@pytest.mark.parametrize("state_bits", range(MIN_TRELLIS, MAX_TRELLIS + 1))
def test_points_that_are_on_a_path_stay(state_bits):
    """Where rate is free, coefficients that some path has as points become its levels."""
    rng = np.random.default_rng(state_bits)
    levels = rng.integers(-40, 41, 3000).astype(np.int32)
    points = [point for _, _, point in walk(levels.tolist(), state_bits)]
    found, _ = viterbi(np.array(points, float)[:, None], np.zeros((3000, 1), np.uint8), np.zeros((2, 128)), state_bits)
    assert np.array_equal(found[:, 0], levels)


@pytest.mark.parametrize("state_bits", range(MIN_TRELLIS, MAX_TRELLIS + 1))
def test_errors_are_smaller_than_those_of_rounding_to_points_of_one_subset(state_bits):
    """White coefficients at no rate cost: below the 1/3 step² of every other point, above the 1/12 of all points."""
    scaled = np.random.default_rng(1).uniform(-50, 50, (4000, 4))
    levels, subsets = viterbi(scaled, np.zeros(scaled.shape, np.uint8), np.zeros((2, 128)), state_bits)
    error = np.mean((scaled - trellis.points(levels, subsets)) ** 2)
    assert 1 / 12 < error < 0.27


def test_longer_searches_are_better():
    scaled = np.random.default_rng(2).uniform(-50, 50, (4000, 4))
    errors = []
    for state_bits in range(MIN_TRELLIS, MAX_TRELLIS + 1):
        levels, subsets = viterbi(scaled, np.zeros(scaled.shape, np.uint8), np.zeros((2, 128)), state_bits)
        errors.append(np.mean((scaled - trellis.points(levels, subsets)) ** 2))
    assert errors == sorted(errors, reverse=True)


def test_no_levels():
    levels, subsets = viterbi(np.zeros((0, 3)), np.zeros((0, 3), np.uint8), np.zeros((2, 128)), 4)
    assert levels.shape == subsets.shape == (0, 3)
