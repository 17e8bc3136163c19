"""Decisions for whole tensors: the error is the one that is reported and asked for."""

from __future__ import annotations

import numpy as np
import pytest

from frcodec.encoder.decide import decide
from frcodec.encoder.options import Options
from frcodec.encoder.plan import plan_tensors
from frcodec.stages import layer
from frcodec.stages.elements import to_reals
from frcodec.stages.transform import Transform
from frcodec.tensors import from_array

RANDOM = np.random.default_rng(8)
SMOOTH = np.cumsum(np.cumsum(RANDOM.normal(size=(24, 20, 7, 7)), axis=2), axis=3)
TENSORS = {
    "small": RANDOM.normal(size=(20, 30)),
    "vector": RANDOM.normal(size=300),
    "large": RANDOM.normal(size=(100, 120)),
    "smooth": SMOOTH / SMOOTH.std(),
    "spread": RANDOM.normal(size=(90, 80)) * np.exp(RANDOM.normal(size=(90, 1))),
}
TRANSFORMS = {"chosen": None, "none": Transform(), "whole": Transform((0,)), "blocks": Transform((0,), 3)}


def _plan_tensor(array, **options):
    (planned,), _ = plan_tensors([from_array("w", array)], (), Options(**options))
    return planned


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("step", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("name", TENSORS)
def test_the_reported_noise_is_the_measured_one(name, step, transform):
    values = TENSORS[name]
    decision = decide(_plan_tensor(values), step, TRANSFORMS[transform])
    assert decision is not None
    decoded = to_reals(layer.decode(decision.quantized.points, decision.layer), decision.layer.dtype)
    assert np.square(decoded - values).sum() == pytest.approx(
        decision.noise, rel=1e-4
    )  # the integer basis is not exact


@pytest.mark.parametrize("name", ["large", "spread"])
def test_a_step_means_about_the_error_of_plain_rounding(name):
    """With a finer step on a trellis too; rate-distortion optimization may add a little."""
    values = TENSORS[name]
    for step in (0.02, 0.1):
        decision = decide(_plan_tensor(values), step, Transform())
        assert decision is not None
        assert decision.noise / values.size == pytest.approx(step**2 / 12, rel=0.15)


def test_bounds_are_kept_by_rounding_to_the_nearest():
    decision = decide(_plan_tensor(TENSORS["large"], max_error=0.05), 0.1)
    assert decision is not None
    decoded = layer.decode(decision.quantized.points, decision.layer)
    assert np.abs(decoded - TENSORS["large"]).max() <= 0.05
    assert decision.quantized.subsets is None


def test_too_small_steps_are_refused():
    assert decide(_plan_tensor(TENSORS["large"]), 2.0**-95) is None
    assert decide(_plan_tensor(TENSORS["large"]), 1e-12) is None  # levels beyond 2^30


def test_integers_cost_nothing():
    decision = decide(_plan_tensor(RANDOM.integers(-9, 9, (80, 80)).astype(np.int8)), 1.0)
    assert decision is not None
    assert decision.noise == 0
