"""Modules encoded with a calibration: nearer outputs at the same size, and what is refused."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from nets import numbers
from torch import Tensor, nn

import frcodec
from frcodec import Calibration, Code, Options, UsageError


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(96, 80), nn.ReLU(), nn.Linear(80, 72)).eval()


def saved(module: nn.Module, **options: object) -> bytes:
    out = io.BytesIO()
    frcodec.save_model(module, out, options=Options(**options), threads=1)
    return out.getvalue()


def refused(message: str, module: nn.Module, **options: object) -> None:
    with pytest.raises(UsageError) as raised:
        saved(module, **options)
    assert raised.value.code is Code.BAD_OPTION
    assert message in raised.value.message


@pytest.fixture(scope="module")
def pair() -> tuple[nn.Module, Calibration, Tensor]:
    """A network, its calibration, and other inputs of the same kind: products of few hidden numbers."""
    module = network()
    mixing = numbers(12, 96)
    batches = [numbers(64, 12, seed=seed) @ mixing for seed in range(2, 5)]
    return module, frcodec.calibrate(module, batches), numbers(200, 12, seed=9) @ mixing


def output_error(module: nn.Module, data: bytes, x: Tensor) -> float:
    """Squared error of the output over its variance, in decibels."""
    other = network()
    frcodec.load_model(other, io.BytesIO(data))
    with torch.no_grad():
        before, after = module(x), other(x)
    return float(10 * torch.log10((before - after).square().sum() / (before - before.mean(0)).square().sum()))


def test_at_the_same_size_the_output_is_nearer(pair):
    module, calibration, x = pair
    plain = saved(module, quality=40.0)
    calibrated = saved(module, target_size=len(plain), calibration=calibration)
    assert len(calibrated) <= len(plain)
    assert output_error(module, calibrated, x) < output_error(module, plain, x) - 3


@pytest.mark.parametrize("quality", [30.0, 60.0])
def test_quality_is_about_that_of_the_output(pair, quality):
    """0.4 dB for each; unseen inputs add the cost of damping and of few samples."""
    module, calibration, x = pair
    error = output_error(module, saved(module, quality=quality, calibration=calibration), x)
    assert -0.4 * quality - 4 < error < -0.4 * quality + 4


def test_files_do_not_depend_on_threads(pair):
    module, calibration, _ = pair
    out = io.BytesIO()
    frcodec.save_model(module, out, options=Options(calibration=calibration), threads=3)
    assert out.getvalue() == saved(module, calibration=calibration)


def test_tensors_with_a_quality_of_their_own_are_left_out(pair):
    module, calibration, _ = pair
    rules = ("^0[.]weight=quality=50",)
    with_rule = frcodec.load_file(saved(module, calibration=calibration, rules=rules))
    without = frcodec.load_file(saved(module, rules=rules))
    assert np.array_equal(with_rule["0.weight"], without["0.weight"])
    assert not np.array_equal(with_rule["2.weight"], without["2.weight"])


@pytest.mark.parametrize("asked", [{"snr": 20.0}, {"max_error": 0.1}, {"lossless": True}])
def test_calibration_does_not_go_with_bounds_for_weights(pair, asked):
    module, calibration, _ = pair
    refused("Calibration goes with", module, calibration=calibration, **asked)


def test_a_calibration_of_other_names(pair):
    _, calibration, _ = pair
    refused("none of this model's tensors", nn.Linear(96, 80), calibration=calibration)


@pytest.mark.parametrize(("inputs", "outputs"), [(96, 81), (95, 80)])
def test_a_calibration_of_other_shapes(pair, inputs, outputs):
    _, calibration, _ = pair
    other = nn.Sequential(nn.Linear(inputs, outputs))
    refused("of the same model", other, calibration=calibration)


def test_a_calibration_whose_output_is_always_the_same(pair):
    module, calibration, _ = pair
    refused("the same for all", module, calibration=replace(calibration, signal=0.0))
