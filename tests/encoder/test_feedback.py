"""Later columns make up for the errors of earlier ones: factors, paths, and files of rows with their own steps."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from definitions import walk
from saving import decibels, saved

from frcodec import Calibration, Options, Sensitivity, load_file, native
from frcodec.container.reader import Reader
from frcodec.encoder.calibration import DECIBELS
from frcodec.encoder.decide_calibrated import decide_calibrated, row_steps
from frcodec.encoder.feedback import DAMPING, feedback
from frcodec.encoder.plan import plan_tensors
from frcodec.encoder.viterbi import LAMBDA
from frcodec.entropy import stream
from frcodec.native import _core
from frcodec.native import encoder as native_encoder
from frcodec.stages.transform import Transform, forward, inverse
from frcodec.tensors import from_array

RANDOM = np.random.default_rng(6)


def moments(columns: int, rank: int | None = None, seed: int = 0) -> np.ndarray:
    """Second moments [columns, columns] of products of few numbers, to a mean diagonal of 1."""
    x = np.random.default_rng(seed).normal(size=(rank or max(2, columns // 4), columns))
    found = x.T @ x
    return (found / np.diag(found).mean()).astype(np.float32)


def cost(errors: np.ndarray, related: np.ndarray) -> float:
    """Σ eᵀ H e over rows of errors [rows, columns]."""
    return float(np.einsum("ri,ij,rj->", errors, related.astype(np.float64), errors))


# The factors


@pytest.mark.parametrize("columns", [1, 2, 7, 60])
def test_factors_give_the_moments_again(columns):
    related = moments(columns)
    found = feedback(related, (5, columns), Transform())
    assert np.array_equal(found.upper, np.triu(found.upper)) and (np.diag(found.upper) == 1).all()
    assert found.weights.mean() == pytest.approx(1, rel=1e-5)
    upper = found.upper.astype(np.float64)
    again = upper @ np.diag(found.weights * found.cost * (1 + DAMPING)) @ upper.T
    assert np.allclose(again, related + DAMPING * np.eye(columns), atol=1e-4)


def test_nothing_can_be_made_up_for_where_columns_are_not_related():
    found = feedback(np.eye(9, dtype=np.float32), (5, 9), Transform())
    assert found.cost == pytest.approx(1) and np.allclose(found.upper, np.eye(9), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((6, 4, 3, 3), Transform((2, 3))),
        ((6, 4, 3, 5), Transform((3,))),
        ((6, 4, 16), Transform((2,), 2)),
        ((6, 4, 9), Transform((2,), 2)),
    ],
    ids=str,
)
def test_moments_of_coefficients_cost_what_those_of_weights_do(shape, how):
    """eᵀ H e is the same for errors of weights and for the same errors as coefficients."""
    columns = int(np.prod(shape[1:]))
    related = moments(columns)
    found = feedback(related, shape, how)
    upper = found.upper.astype(np.float64)
    of_coefficients = upper @ np.diag(found.weights * found.cost * (1 + DAMPING)) @ upper.T
    errors = RANDOM.normal(size=shape)
    mine = forward(errors, how).reshape(shape[0], -1)
    assert not np.allclose(mine, errors.reshape(shape[0], -1))
    damped = related + DAMPING * np.eye(columns)
    assert cost(mine, of_coefficients) == pytest.approx(cost(errors.reshape(shape[0], -1), damped), rel=1e-4)


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
def test_unions_are_those_of_the_trellis_in_every_lane(columns, starts):
    found = feedback(moments(columns), (4, columns), Transform())
    scaled = RANDOM.normal(size=(300 // columns, columns)) * 5
    levels, subsets = path(scaled, found.upper, found.weights, [s for s in starts if s <= scaled.size])
    for first, last in zip(starts, (*starts[1:], scaled.size), strict=True):
        lane = slice(first, last)
        expected = [subset for _, subset, _ in walk(levels.reshape(-1)[lane].tolist(), 5)]
        assert subsets.reshape(-1)[lane].tolist() == expected


@pytest.mark.parametrize("columns", [20, 90])
def test_errors_cost_less_than_those_of_a_path_that_knows_no_relations(columns):
    related = moments(columns)
    found = feedback(related, (60, columns), Transform())
    scaled = RANDOM.normal(size=(60, columns)) * 20
    made_up, _ = path(scaled, found.upper, found.weights)
    alone, _ = path(scaled, np.eye(columns), np.ones(columns))
    costs = [cost(points_of(levels, 5) - scaled, related) for levels in (made_up, alone)]
    assert costs[0] < 0.6 * costs[1]
    squares = [np.square(points_of(levels, 5) - scaled).sum() for levels in (made_up, alone)]
    assert squares[0] > squares[1]  # the errors themselves are larger


def test_every_set_of_instructions_finds_the_same_path():
    columns = 75
    found = feedback(moments(columns), (40, columns), Transform())
    scaled = RANDOM.normal(size=(40, columns)) * 5
    outcomes = []
    try:
        for target in _core.targets():
            assert _core.select_target(target)
            outcomes.append(path(scaled, found.upper, found.weights, (0, 700, 1400))[0])
    finally:
        _core.select_target(_core.targets()[0])
    assert all(np.array_equal(outcomes[0], other) for other in outcomes)


def test_coefficients_that_are_points_of_a_path_stay():
    levels = RANDOM.integers(-200, 201, (30, 40)).astype(np.int32)
    found = feedback(moments(40), (30, 40), Transform())
    assert np.array_equal(path(points_of(levels, 5).astype(np.float64), found.upper, found.weights)[0], levels)


# Tensors


def calibration(shape: tuple[int, ...], rows: np.ndarray | None = None, related: bool = True) -> Calibration:
    """Of one tensor w, whose output has the power that white weights make."""
    columns = int(np.prod(shape[1:]))
    rows = np.ones(shape[0]) if rows is None else rows
    sensitivity = Sensitivity(rows, moments(columns) if related else None)
    return Calibration(columns * float(rows.sum()), {"w": sensitivity})


SHAPES = [(90, 64), (32, 16, 3, 3), (48, 12, 9)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("quality", [20.0, 70.0])
def test_at_no_more_bytes_errors_cost_less(shape, quality):
    weights = {"w": np.random.default_rng(1).normal(size=shape)}
    known, unknown = calibration(shape), calibration(shape, related=False)
    plain = saved(weights, quality=quality, calibration=unknown)
    made_up = saved(weights, target_size=len(plain), calibration=known)
    assert len(made_up) <= len(plain)
    related = known.tensors["w"].moments
    costs = [cost((load_file(data)["w"] - weights["w"]).reshape(shape[0], -1), related) for data in (made_up, plain)]
    assert costs[0] < 0.7 * costs[1]


@pytest.mark.parametrize("quality", [20.0, 45.0, 70.0])
def test_errors_cost_what_the_quality_allows(quality):
    """By damped moments, which is what is known of the true ones."""
    shape = (90, 64)
    weights = {"w": np.random.default_rng(1).normal(size=shape)}
    known = calibration(shape)
    found = load_file(saved(weights, quality=quality, calibration=known))["w"]
    damped = (known.tensors["w"].moments + DAMPING * np.eye(64)) / (1 + DAMPING)
    ratio = 10 * np.log10(known.signal / cost(found - weights["w"], damped))
    assert DECIBELS * quality - 0.3 < ratio < DECIBELS * quality + 1  # large steps leave weights at 0, and err less


def test_rows_that_matter_more_have_finer_steps():
    assert row_steps(np.ones(50), 50 * 100) is None
    assert row_steps(np.array([1.0, 1e-3] * 25), 50 * 2) is None  # too short to be worth it
    rows = np.array([4.0, 1.0, 0.25, 0.0] * 20)
    found = row_steps(rows, 80 * 100)
    assert found is not None
    assert (np.diff(found[:4]) >= 0).all() and found[0] < 0 < found[3]


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [*((shape, "float32") for shape in SHAPES), (SHAPES[0], "float16"), (SHAPES[0], "float64")],
    ids=str,
)
def test_row_steps_decode_to_the_same_bits_everywhere(shape, dtype):
    """What the encoder has the digest of is what NumPy and the core decode."""
    rng = np.random.default_rng(2)
    rows = np.exp(2 * rng.normal(size=shape[0]))
    weights = (rng.normal(size=shape) / np.sqrt(rows).reshape(-1, *(1,) * (len(shape) - 1))).astype(dtype)
    data = saved({"w": weights}, calibration=calibration(shape, rows))
    with Reader(data) as reader:
        steps = stream.decode(reader.stream(0), shape)[1]
    assert steps is not None and len(np.unique(steps)) > 5
    decoded = []
    for core in (False, True):
        with native.using(core):
            decoded.append(load_file(data)["w"])
    assert decoded[0].dtype == dtype and np.array_equal(*decoded)
    assert decibels(weights, decoded[0]) > 15


def test_files_do_not_depend_on_the_core():
    shape = (90, 64)
    weights, known = {"w": np.random.default_rng(1).normal(size=shape)}, calibration(shape)
    with native.using(False):
        expected = saved(weights, quality=40.0, calibration=known)
    assert saved(weights, quality=40.0, calibration=known) == expected


@pytest.mark.parametrize("values", ["rough", "smooth"])
def test_kernels_keep_their_transform_where_it_helps(values):
    shape = (40, 12, 5, 5)
    kernels = np.random.default_rng(3).normal(size=shape)
    if values == "smooth":
        kernels = inverse_of_falling(kernels)
    known = calibration(shape)
    (planned,), _ = plan_tensors([from_array("w", kernels)], (), Options(calibration=known))
    found = decide_calibrated(planned, known.tensors["w"], 0.2)
    assert found is not None
    assert set(found.layer.transform.axes) == ({2, 3} if values == "smooth" else set())


def inverse_of_falling(kernels: np.ndarray) -> np.ndarray:
    """Kernels whose coefficients are smaller the higher their frequencies."""
    fall = np.exp(-np.add.outer(np.arange(5), np.arange(5)))
    whole = np.rint(kernels * fall * 2**12)
    return inverse(whole * 2.0**8, kernels.shape, Transform((2, 3)), 8) * 2.0**-20


def test_steps_that_are_too_small_are_refused():
    known = calibration((90, 64))
    (planned,), _ = plan_tensors([from_array("w", RANDOM.normal(size=(90, 64)))], (), Options(calibration=known))
    for step in (2.0**-95, 1e-12):
        assert decide_calibrated(planned, known.tensors["w"], step) is None


def test_a_row_that_alone_matters_is_the_nearest():
    shape = (90, 64)
    weights = RANDOM.normal(size=shape)
    found = load_file(saved({"w": weights}, quality=30.0, calibration=calibration(shape, np.eye(90)[0])))["w"]
    squares = np.square(found - weights).mean(axis=1)
    assert squares[0] < 0.5 * squares[1:].min()


def test_zeros_stay_zeros():
    shape = (90, 64)
    assert not load_file(saved({"w": np.zeros(shape)}, calibration=calibration(shape)))["w"].any()
