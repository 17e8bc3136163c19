"""Error feedback: the factors of the moments, and the path through the trellis."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from definitions import walk
from second_moments import cost, moments

from frcodec.encoder.feedback import DAMPING, feedback
from frcodec.encoder.viterbi import LAMBDA
from frcodec.native import _core
from frcodec.native import encoder as native_encoder
from frcodec.stages.transform import Transform, forward

RANDOM = np.random.default_rng(6)


# The factors


@pytest.mark.parametrize("columns", [1, 2, 7, 60])
def test_factors_give_the_moments_again(columns):
    related = moments(columns)
    factors = feedback(related, (5, columns), Transform())
    assert np.array_equal(factors.upper, np.triu(factors.upper)) and (np.diag(factors.upper) == 1).all()
    assert factors.weights.mean() == pytest.approx(1, rel=1e-5)
    upper = factors.upper.astype(np.float64)
    again = upper @ np.diag(factors.weights * factors.cost * (1 + DAMPING)) @ upper.T
    assert np.allclose(again, related + DAMPING * np.eye(columns), atol=1e-4)


def test_feedback_gains_nothing_between_unrelated_columns():
    factors = feedback(np.eye(9, dtype=np.float32), (5, 9), Transform())
    assert factors.cost == pytest.approx(1) and np.allclose(factors.upper, np.eye(9), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "transform"),
    [
        ((6, 4, 3, 3), Transform((2, 3))),
        ((6, 4, 3, 5), Transform((3,))),
        ((6, 4, 16), Transform((2,), 2)),
        ((6, 4, 9), Transform((2,), 2)),
    ],
    ids=str,
)
def test_moments_of_coefficients_cost_what_those_of_weights_do(shape, transform):
    """eᵀ H e is the same for errors of weights and for the same errors as coefficients."""
    columns = int(np.prod(shape[1:]))
    related = moments(columns)
    factors = feedback(related, shape, transform)
    upper = factors.upper.astype(np.float64)
    of_coefficients = upper @ np.diag(factors.weights * factors.cost * (1 + DAMPING)) @ upper.T
    errors = RANDOM.normal(size=shape)
    coefs = forward(errors, transform).reshape(shape[0], -1)
    assert not np.allclose(coefs, errors.reshape(shape[0], -1))
    damped = related + DAMPING * np.eye(columns)
    assert cost(coefs, of_coefficients) == pytest.approx(cost(errors.reshape(shape[0], -1), damped), rel=1e-4)


# The path


def path(scaled, upper, weights, starts=(0,), state_bits=5, bits=None):
    """Levels [rows, columns] and subsets of a path where levels of a size cost so many bits."""
    rows, columns = scaled.shape
    price = np.zeros((2, 1, 132), np.float32) if bits is None else np.array(bits, np.float32) * np.float32(LAMBDA)
    price[:, :, 0] = 1e6  # of level -1
    levels, subsets = native_encoder.viterbi_with_feedback(
        scaled.reshape(-1), np.zeros(scaled.size, np.uint8), price, np.asarray(upper, np.float32),
        np.asarray(weights, np.float32), np.array(starts, np.int64), state_bits,
    )  # fmt: skip
    return levels.reshape(rows, columns), subsets.reshape(rows, columns)


def points_of(levels, state_bits):
    return np.array([point for _, _, point in walk(levels.reshape(-1).tolist(), state_bits)]).reshape(levels.shape)


@pytest.mark.parametrize("state_bits", [2, 3, 5, 6])
def test_without_relations_it_is_the_cheapest_path(state_bits):
    """By comparison with all paths of a lane of one row."""
    sizes = np.array([0, 0, 1.5, 4, 7, *[9] * 127])
    bits = np.tile(sizes, (2, 1, 1))
    for seed in range(6):
        rng = np.random.default_rng(seed)
        scaled, weights = rng.uniform(-3.5, 3.5, (1, 4)), rng.uniform(0.3, 2, 4)
        levels, _ = path(scaled, np.eye(4), weights, state_bits=state_bits, bits=bits)

        def total(tried, scaled=scaled, weights=weights):
            errors = scaled[0] - points_of(np.array(tried), state_bits)
            return float((weights * errors**2).sum() + LAMBDA * sizes[1 + np.abs(tried)].sum())

        assert total(levels[0]) == pytest.approx(min(map(total, product(range(-3, 4), repeat=4))), abs=1e-5)


@pytest.mark.parametrize("starts", [(0,), (0, 100, 200), (0, 17, 18, 230, 300)], ids=len)
@pytest.mark.parametrize("columns", [5, 32, 75])
def test_subsets_are_those_of_the_trellis_in_every_lane(columns, starts):
    factors = feedback(moments(columns), (4, columns), Transform())
    scaled = RANDOM.normal(size=(300 // columns, columns)) * 5
    levels, subsets = path(scaled, factors.upper, factors.weights, [s for s in starts if s <= scaled.size])
    for first, last in zip(starts, (*starts[1:], scaled.size), strict=True):
        lane = slice(first, last)
        expected = [subset for _, subset, _ in walk(levels.reshape(-1)[lane].tolist(), 5)]
        assert subsets.reshape(-1)[lane].tolist() == expected


@pytest.mark.parametrize("columns", [20, 90])
def test_errors_cost_less_than_those_of_a_path_without_feedback(columns):
    related = moments(columns)
    factors = feedback(related, (60, columns), Transform())
    scaled = RANDOM.normal(size=(60, columns)) * 20
    with_feedback, _ = path(scaled, factors.upper, factors.weights)
    without, _ = path(scaled, np.eye(columns), np.ones(columns))
    costs = [cost(points_of(levels, 5) - scaled, related) for levels in (with_feedback, without)]
    assert costs[0] < 0.6 * costs[1]
    squares = [np.square(points_of(levels, 5) - scaled).sum() for levels in (with_feedback, without)]
    assert squares[0] > squares[1]  # the errors themselves are larger


def test_every_set_of_instructions_finds_the_same_path():
    columns = 75
    factors = feedback(moments(columns), (40, columns), Transform())
    scaled = RANDOM.normal(size=(40, columns)) * 5
    outcomes = []
    try:
        for target in _core.targets():
            assert _core.select_target(target)
            outcomes.append(path(scaled, factors.upper, factors.weights, (0, 700, 1400))[0])
    finally:
        _core.select_target(_core.targets()[0])
    assert all(np.array_equal(outcomes[0], other) for other in outcomes)


def test_coefficients_that_are_points_of_a_path_stay():
    levels = RANDOM.integers(-200, 201, (30, 40)).astype(np.int32)
    factors = feedback(moments(40), (30, 40), Transform())
    assert np.array_equal(path(points_of(levels, 5).astype(np.float64), factors.upper, factors.weights)[0], levels)
