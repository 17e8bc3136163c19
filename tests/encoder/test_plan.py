"""Options and rules: their effect on tensors, and invalid ones."""

from __future__ import annotations

import numpy as np
import pytest
from saving import again, decibels, identical, network, saved, saved_with_report

from frcodec import Code, FrcError
from frcodec.encoder.options import Options, parse_rule
from frcodec.encoder.plan import Coding, plan_tensors
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, Stored, View, from_array


def _plan(tensors, lossless=(), **options):
    entries = [from_array(name, array) for name, array in tensors.items()]
    planned, warnings = plan_tensors(entries, lossless, Options(**options))
    return {t.tensor.name: t for t in planned}, warnings


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"snr": 30.0, "quality": 5.0}, Code.BAD_OPTION),
        ({"snr": 30.0, "max_error": 5.0}, Code.BAD_OPTION),
        ({"quality": 30.0, "lossless": True}, Code.BAD_OPTION),
        ({"snr": 201.0}, Code.BAD_OPTION),
        ({"snr": float("nan")}, Code.BAD_OPTION),
        ({"snr": float("inf")}, Code.BAD_OPTION),
        ({"quality": -1.0}, Code.BAD_OPTION),
        ({"quality": 100.1}, Code.BAD_OPTION),
        ({"max_error": 0.0}, Code.BAD_OPTION),
        ({"max_error": -1.0}, Code.BAD_OPTION),
        ({"max_error": float("inf")}, Code.BAD_OPTION),
        ({"rules": ("conv",)}, Code.BAD_OPTION),
        ({"rules": ("=snr=3",)}, Code.BAD_OPTION),
        ({"rules": ("conv=",)}, Code.BAD_OPTION),
        ({"rules": ("conv=quick",)}, Code.BAD_OPTION),
        ({"rules": ("conv=snr=",)}, Code.BAD_OPTION),
        ({"rules": ("conv=snr=many",)}, Code.BAD_OPTION),
        ({"rules": ("conv=snr=1e9",)}, Code.BAD_OPTION),
        ({"rules": ("conv=lossless=1",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=dct",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=7",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=0+",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=0/1",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=0/12",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=0/4096",)}, Code.BAD_OPTION),
        ({"rules": ("conv=transform=all/16",)}, Code.BAD_OPTION),
        ({"rules": ("conv=snr=30,",)}, Code.BAD_OPTION),
        ({"rules": ("(conv=snr=30",)}, Code.BAD_OPTION),
        ({"keep": ("[",)}, Code.BAD_OPTION),
        ({"rules": ("nothing=snr=30",)}, Code.UNMATCHED_RULE),
        ({"keep": ("nothing",)}, Code.UNMATCHED_RULE),
        ({"keep": ("^conv$",)}, Code.UNMATCHED_RULE),
    ],
)
def test_invalid_options_are_refused(options, code):
    with pytest.raises(FrcError) as caught:
        saved(network(), **options)
    assert caught.value.code == code


def test_an_snr_that_rules_make_impossible_is_refused():
    with pytest.raises(FrcError) as caught:
        saved(network(), snr=60.0, rules=("conv=snr=10",))
    assert caught.value.code == Code.BAD_OPTION
    assert "rule" in str(caught.value)


def test_rules_may_contain_equal_signs_and_commas():
    rule = parse_rule(r"^a=b,c{1,2}=snr=30,transform=0+2")
    assert (rule.pattern.pattern, rule.fidelity.snr, rule.transform) == (r"^a=b,c{1,2}", 30.0, "0+2")


def test_later_rules_win_and_others_stay():
    planned, _ = _plan(network(), rules=("weight=snr=30,transform=all", "conv2=quality=20", "fc=transform=none"))
    assert (planned["conv1.weight"].fidelity.snr, planned["conv1.weight"].transform) == (30.0, "all")
    assert (planned["conv2.weight"].fidelity.quality, planned["conv2.weight"].transform) == (20.0, "all")
    assert (planned["fc.weight"].fidelity.snr, planned["fc.weight"].transform) == (30.0, "none")


def test_keep_and_lossless_rules_store_without_loss():
    tensors = network()
    for options in ({"keep": ("conv1",)}, {"rules": ("conv1=lossless",)}, {"rules": ("conv1=lossless", "conv1=snr=3")}):
        loaded = again(tensors, **options)
        assert identical(loaded["conv1.weight"], tensors["conv1.weight"])
        assert not identical(loaded["conv2.weight"], tensors["conv2.weight"])


@pytest.mark.parametrize("asked", ["none", "spatial", "all", "0", "1", "0+2", "3+1+1", "2+3", "0/16", "1+0/8", "2+3/2"])
def test_transforms_asked_for_are_used(asked):
    tensors = {"w": network()["conv1.weight"]}
    axes, _, run = asked.partition("/")
    expected = {"none": (), "spatial": (2, 3), "all": (0, 1, 2, 3)}.get(asked) or tuple(
        sorted({int(axis) for axis in axes.split("+") if axis.isdigit()})
    )
    block = {"": 0, "2": 1, "8": 3, "16": 4}[run]
    data, report = saved_with_report(tensors, rules=(f"w=transform={asked},snr=30",))
    assert report.tensors[0].transform == Transform(expected, block)
    assert decibels(tensors["w"], again(tensors, rules=(f"w=transform={asked},snr=30",))["w"]) > 29.5


def test_smooth_kernels_get_a_transform_and_noise_gets_none():
    tensors = network()
    _, report = saved_with_report(tensors)
    axes = {t.name: t.transform.axes for t in report.tensors}
    assert set(axes["conv1.weight"]) >= {2, 3}
    assert axes["fc.weight"] == ()


@pytest.mark.parametrize(
    "name",
    [
        "rotary.inv_freq",
        "stft.window",
        "attn.mask",
        "attn_mask",
        "mel_basis",
        "model.freqs_cis",
        "pos.anchors",
        "x.sin_cached",
    ],
)
def test_buffers_that_are_no_weights_are_lossless(name):
    values = np.random.default_rng(0).normal(size=(70, 70)).astype(np.float32)
    assert identical(again({name: values})[name], values)
    assert not identical(again({name: values}, rules=(f"{name}=snr=20",))[name], values)


@pytest.mark.parametrize(
    "values",
    [
        np.tril(np.ones((80, 80))),
        np.ones((80, 80)),
        np.full((3, 4), 0.1),
        np.indices((70, 70)).astype(float),
        np.ones(()),
    ],
    ids=["mask", "ones", "constant", "grid", "scalar"],
)
def test_untrained_tensors_are_recognized_by_their_values(values):
    values = values.astype(np.float32)
    planned, _ = _plan({"w": values, "trained": np.random.default_rng(0).normal(size=values.shape)})
    assert planned["w"].coding is Coding.LOSSLESS
    assert identical(again({"w": values})["w"], values)


def test_zeros_are_cheapest_as_levels():
    planned, _ = _plan({"zeros": np.zeros((80, 80), np.float32)})
    assert planned["zeros"].coding is Coding.LOSSY


def test_tensors_that_the_reader_marks_are_lossless():
    planned, _ = _plan(network(), lossless=[5])
    assert planned["conv2.weight"].coding is Coding.LOSSLESS
    planned, _ = _plan(network(), lossless=[5], rules=("conv2=snr=20",))
    assert planned["conv2.weight"].coding is Coding.LOSSY


def test_rules_match_the_names_of_views():
    base = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    entries = [Stored("", DTYPES["float32"], (5000,), base.tobytes()), View("tied.weight", 0, 0, (5000,), (1,))]
    (planned,), _ = plan_tensors(entries, (), Options(keep=("tied",)))
    assert planned.coding is Coding.LOSSLESS


def test_tensors_that_are_not_finite_are_named():
    tensors = {"good": np.ones(5, np.float32), "bad": np.array([1, np.nan], np.float32), "whole": np.zeros(3, np.int64)}
    planned, warnings = _plan(tensors)
    assert (planned["bad"].coding, planned["whole"].coding) == (Coding.LOSSLESS, Coding.LOSSLESS)
    assert len(warnings) == 1
    assert "bad" in warnings[0]
