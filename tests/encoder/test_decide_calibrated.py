"""Tensors coded with error feedback and row steps: what errors cost, and that files decode to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from saving import decibels, saved
from second_moments import cost, moments

from frcodec import Calibration, Options, Sensitivity, load_file, native
from frcodec.container.reader import Reader
from frcodec.encoder.calibration import DECIBELS
from frcodec.encoder.decide_calibrated import decide_calibrated, row_steps
from frcodec.encoder.feedback import DAMPING
from frcodec.encoder.plan import plan_tensors
from frcodec.entropy import stream
from frcodec.stages.transform import Transform, inverse
from frcodec.tensors import from_array

RANDOM = np.random.default_rng(6)


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
    with_feedback = saved(weights, target_size=len(plain), calibration=known)
    assert len(with_feedback) <= len(plain)
    related = known.tensors["w"].moments
    costs = [
        cost((load_file(data)["w"] - weights["w"]).reshape(shape[0], -1), related) for data in (with_feedback, plain)
    ]
    assert costs[0] < 0.7 * costs[1]


@pytest.mark.parametrize("quality", [20.0, 45.0, 70.0])
def test_errors_cost_what_the_quality_allows(quality):
    """By damped moments, which the encoder allocates by."""
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
    """NumPy and the core decode to the digest that the encoder wrote."""
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


def test_the_only_row_that_matters_has_the_least_error():
    shape = (90, 64)
    weights = RANDOM.normal(size=shape)
    found = load_file(saved({"w": weights}, quality=30.0, calibration=calibration(shape, np.eye(90)[0])))["w"]
    squares = np.square(found - weights).mean(axis=1)
    assert squares[0] < 0.5 * squares[1:].min()


def test_zeros_stay_zeros():
    shape = (90, 64)
    assert not load_file(saved({"w": np.zeros(shape)}, calibration=calibration(shape)))["w"].any()
