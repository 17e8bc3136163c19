"""Files keep their fidelity: error bounds, signal-to-noise ratios, losslessness, positive variances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saving import again, bits, decibels, identical, network, saved, saved_with_report
from strategies import SEEDS, shapes

from frcodec import load_file

FLOATS = ["float32", "float16", "float64"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bound", [1e-7, 1e-4, 3e-3, 0.5, 1e4])
def test_no_error_exceeds_the_bound(dtype, bound):
    tensors = network(dtype=dtype)
    loaded = again(tensors, max_error=bound)
    for name, tensor in tensors.items():
        assert np.abs(tensor.astype(np.float64) - loaded[name].astype(np.float64)).max() <= bound, name


@settings(max_examples=60)
@given(shapes(max_size=300), SEEDS, st.sampled_from(FLOATS), st.floats(-12, 3), st.floats(-9, 2))
def test_bounds_hold_at_any_scale(shape, seed, dtype, scale, bound):
    tensor = (np.random.default_rng(seed).normal(size=shape) * 10**scale).astype(dtype)
    loaded = again({"w": tensor}, max_error=10**bound)["w"]
    assert np.abs(tensor.astype(np.float64) - loaded.astype(np.float64)).max(initial=0) <= 10**bound


def test_bounds_hold_after_the_rounding_to_the_dtype():
    """Half a step is exactly the bound here, so that what rounding to float32 adds, 1 % of it at most, breaks it."""
    bound = 259 * 2.0**-16
    tensor = np.random.default_rng(0).uniform(900, 1020, (100, 300)).astype(np.float32)
    step = 2 * bound
    rounded = (np.rint(tensor.astype(np.float64) / step) * step).astype(np.float32)
    assert bound < np.abs(rounded.astype(np.float64) - tensor).max() < 1.01 * bound
    found = again({"w": tensor}, max_error=bound)["w"]
    assert np.abs(found.astype(np.float64) - tensor).max() <= bound


@pytest.mark.parametrize("largest", [65504.0, 65472.0])
def test_bounds_hold_at_the_end_of_the_range(largest):
    """A level above the largest float16 would be infinite."""
    tensor = np.full((80, 80), largest, np.float16)
    tensor[0] = -largest
    tensor[1] = 0.1
    loaded = again({"w": tensor}, max_error=100.0)["w"]
    assert np.abs(tensor.astype(np.float64) - loaded.astype(np.float64)).max() <= 100.0


@pytest.mark.parametrize("snr", [6.0, 20.0, 35.5, 60.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_snr_is_reached_and_hardly_exceeded(snr, dtype):
    tensors = network(dtype=dtype)
    data, report = saved_with_report(tensors, snr=snr)
    loaded = load_file(data)
    weights = [name for name, tensor in tensors.items() if tensor.ndim > 1]
    before = np.concatenate([tensors[name].reshape(-1) for name in weights])
    after = np.concatenate([loaded[name].reshape(-1) for name in weights])
    assert snr - 1e-6 <= decibels(before, after) <= snr + 0.05
    assert report.snr == pytest.approx(decibels(before, after), abs=1e-6)


def test_an_snr_of_one_tensor():
    tensors = network()
    loaded = again(tensors, rules=("^fc.weight$=snr=40",))
    assert 39.5 < decibels(tensors["fc.weight"], loaded["fc.weight"]) < 41.5


def test_higher_quality_is_larger_and_nearer():
    tensors = network()
    sizes, ratios = [], []
    for quality in (0, 25, 50, 75, 100):
        data, report = saved_with_report(tensors, quality=quality)
        sizes.append(len(data))
        ratios.append(report.snr)
    assert sizes == sorted(sizes)
    assert ratios == sorted(ratios)
    assert sizes[-1] > 2 * sizes[0]


@pytest.mark.parametrize("asked", [{}, {"quality": 0.0}, {"snr": 3.0}, {"max_error": 10.0}, {"rules": ("var=snr=1",)}])
@pytest.mark.parametrize("dtype", FLOATS)
def test_variances_stay_positive(asked, dtype):
    """However small they are: a network divides by their root."""
    variances = (10.0 ** -np.arange(0, 8, 0.05)).astype(dtype)
    tensors = {"bn.running_var": variances, "bn.moving_variance": variances, "w": network(dtype=dtype)["conv2.weight"]}
    loaded = again(tensors, **asked)
    assert (loaded["bn.running_var"][variances > 0] > 0).all()
    assert (loaded["bn.moving_variance"][variances > 0] > 0).all()


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(5,), (90, 60)])
def test_tensors_that_are_not_finite_are_stored_exactly_with_a_warning(special, shape):
    rng = np.random.default_rng(0)
    odd, even = rng.normal(size=shape).astype(np.float32), rng.normal(size=(90, 60)).astype(np.float32)
    odd[0] = special
    data, report = saved_with_report({"odd": odd, "even": even})
    loaded = load_file(data)
    assert identical(loaded["odd"], odd)
    assert not identical(loaded["even"], even)
    assert [w for w in report.warnings if "odd" in w]
    assert not [w for w in report.warnings if "even" in w]


def test_payloads_of_nans_are_kept():
    patterns = np.array([0x7FC00001, 0x7F800001, 0xFFFFFFFF, 0x80000000], np.uint32)
    assert identical(again({"w": patterns.view(np.float32)})["w"], patterns.view(np.float32))


@pytest.mark.parametrize("scale", [1e-44, 1e-40, 1e-38, 1e-30, 1e-20, 1e15, 1e37])
def test_very_small_and_very_large_weights_keep_their_quality(scale):
    tensor = (np.random.default_rng(1).uniform(-1, 1, size=(80, 80)) * scale).astype(np.float32)
    found = again({"w": tensor})["w"]
    assert identical(found, tensor) or decibels(tensor, found) > 20


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-100, 1e100, 1e300, 1.7e308])
@pytest.mark.parametrize("asked", [{}, {"snr": 30.0}])
def test_float64_beyond_the_steps(scale, asked):
    tensor = np.random.default_rng(1).uniform(-1, 1, size=(80, 80)) * scale
    found = again({"w": tensor}, **asked)["w"]
    assert identical(found, tensor) or decibels(tensor / np.abs(tensor).max(), found / np.abs(tensor).max()) > 20


@pytest.mark.parametrize("name", ["int8", "uint8"])
@pytest.mark.parametrize("shape", [(), (5,), (100, 64), (0, 5)])
def test_8_bit_integers_are_exact(name, shape):
    values = (
        np.rint(np.random.default_rng(2).normal(size=shape) * 30 + 100).astype(np.int64).astype(np.uint8).view(name)
    )
    assert identical(again({"w": values}, quality=10.0)["w"], values)


def test_8_bit_weights_use_the_level_coder():
    """Which needs far fewer bytes than any general compressor."""
    values = np.rint(np.random.default_rng(2).laplace(size=(200, 300)) * 3).clip(-127, 127).astype(np.int8)
    _, counts = np.unique(values, return_counts=True)
    entropy = float(-(counts * np.log2(counts / values.size)).sum()) / 8
    assert len(saved({"w": values})) < 1.02 * entropy + 100


@pytest.mark.parametrize("dtype", ["int16", "int64", "bool", "complex64"])
def test_other_types_are_exact(dtype):
    values = (np.random.default_rng(3).normal(size=(50, 100)) * 100).astype(dtype)
    assert identical(again({"w": values}, quality=0.0)["w"], values)


def test_constants_and_zeros_are_small():
    for tensor in (np.zeros((300, 300), np.float32), np.full((300, 300), 0.25, np.float32)):
        data = saved({"w": tensor})
        assert len(data) < 700
        assert np.abs(load_file(data)["w"] - tensor).max() < 0.01


def test_decoding_twice_gives_the_same_bits():
    data = saved(network())
    first, second = load_file(data), load_file(data)
    assert all(bits(second[name]) == bits(first[name]) for name in first)
