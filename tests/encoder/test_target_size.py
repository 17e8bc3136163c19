"""Searches over qualities: the file fills its target size, and the score keeps its bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from saving import saved, saved_with_report

from frcodec import Code, UsageError
from frcodec.encoder.options import Options
from frcodec.encoder.target import BEST, quality_of_score, quality_of_size, with_quality

MOST_TRIALS = 12
"""encodings of a search, at most"""


def counted(function: Callable[[float], float]) -> tuple[Callable[[float], float], list[float]]:
    """The same function, and the list of its arguments so far."""
    asked: list[float] = []

    def call(quality: float) -> float:
        asked.append(quality)
        return function(quality)

    return call, asked


GROWTHS = {
    "line": lambda q: int(1000 + 90 * q),
    "curve": lambda q: int(1000 * 2 ** (q / 15)),
    "late": lambda q: int(1000 + 9000 * (q / 100) ** 2),
    "early": lambda q: int(1000 + 9000 * np.sqrt(q / 100)),
    "fine": lambda q: int(1e9 + 1e8 * q),
}


@pytest.mark.parametrize("share", [0.03, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("growth", GROWTHS)
def test_sizes_are_filled(growth, share):
    size, asked = counted(GROWTHS[growth])
    target = int(size(0) + share * (size(BEST) - size(0)))
    asked.clear()
    assert 0.99 * target <= size(quality_of_size(size, target)) <= target
    assert len(asked) - 1 <= MOST_TRIALS


def test_steps_of_sizes_are_not_crossed():
    """At a jump in size the quality below it is used."""
    quality = quality_of_size(lambda q: 1000 if q < 61 else 5000, 3000)
    assert 55 < quality < 61


@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=20), st.integers(1, 100_000))
def test_any_sizes_even_if_they_go_up_and_down(heights, target):
    """The result has been encoded and fits; if quality 0 does not fit, it is an error."""
    size, asked = counted(lambda q: heights[min(int(q / 100 * len(heights)), len(heights) - 1)])
    if heights[0] > target:
        with pytest.raises(UsageError):
            quality_of_size(size, target)
        return
    quality = quality_of_size(size, target)
    assert quality in asked and size(quality) <= target
    assert (quality == BEST) == (heights[-1] <= target)
    assert len(asked) - 1 <= MOST_TRIALS


def test_sizes_that_do_not_depend_on_quality():
    assert quality_of_size(lambda q: 700, 700) == BEST
    with pytest.raises(UsageError) as raised:
        quality_of_size(lambda q: 700, 699)
    assert raised.value.code is Code.BAD_OPTION
    assert "699" in raised.value.message and "700" in raised.value.message


@pytest.mark.parametrize("threshold", [0.3, 17.0, 50.0, 99.9, 100.0])
def test_the_lowest_quality_that_scores_enough(threshold):
    score, asked = counted(lambda q: 90.0 if q >= threshold else 50.0)
    quality = quality_of_score(score, 89.5)
    assert threshold <= quality <= threshold + 1 and quality in asked
    assert len(asked) <= MOST_TRIALS


def test_a_score_that_quality_0_keeps_needs_no_search():
    score, asked = counted(lambda q: 1.0)
    assert quality_of_score(score, 1.0) == 0
    assert len(asked) == 2


@pytest.mark.parametrize("value", [0.4, float("nan"), -float("inf")])
def test_a_score_that_even_the_best_does_not_reach(value):
    with pytest.raises(UsageError) as raised:
        quality_of_score(lambda q: value, 0.5)
    assert raised.value.code is Code.BAD_OPTION


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(0, 1))
def test_any_scores_even_if_they_go_up_and_down(values, least):
    score, asked = counted(lambda q: values[min(int(q / 100 * len(values)), len(values) - 1)])
    if values[-1] < least:
        with pytest.raises(UsageError):
            quality_of_score(score, least)
        return
    quality = quality_of_score(score, least)
    assert quality in asked and score(quality) >= least
    assert len(asked) - 1 <= MOST_TRIALS


def test_only_the_quality_is_changed():
    options = Options(target_size=5, rules=("a=snr=3",), keep=("b",))
    assert with_quality(options, 33.0) == Options(quality=33.0, rules=("a=snr=3",), keep=("b",))


# Whole files


@cache
def tensors() -> dict[str, np.ndarray]:
    """A small network's."""
    rng = np.random.default_rng(4)
    weights = {"conv.weight": rng.normal(size=(24, 32, 3, 3)), "fc.weight": rng.laplace(size=(64, 80)) * 0.1}
    return {name: weight.astype(np.float32) for name, weight in (weights | {"fc.bias": rng.normal(size=64)}).items()}


@pytest.fixture(scope="module")
def ends() -> tuple[int, int]:
    """Sizes of the network's files at the lowest and the highest quality."""
    return len(saved(tensors(), quality=0.0)), len(saved(tensors(), quality=BEST))


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_files_fill_the_size_asked_for(ends, share):
    target = int(ends[0] + share * (ends[1] - ends[0]))
    data, report = saved_with_report(tensors(), target_size=target)
    assert 0.98 * target <= len(data) <= target
    assert report.file_bytes == len(data)


def test_a_size_that_is_just_right(ends):
    assert len(saved(tensors(), target_size=ends[0])) == ends[0]


@pytest.mark.parametrize("more", [0, 10**9])
def test_room_for_everything_gives_the_best_quality(ends, more):
    assert saved(tensors(), target_size=ends[1] + more) == saved(tensors(), quality=BEST)


@pytest.mark.parametrize("target", [-1, 0, 100])
def test_sizes_that_no_quality_makes(target):
    with pytest.raises(UsageError) as raised:
        saved(tensors(), target_size=target)
    assert raised.value.code is Code.BAD_OPTION
    assert "cannot be met" in raised.value.message


def test_what_is_kept_exactly_counts(ends):
    rules = {"keep": ("^conv[.]weight$",)}
    with pytest.raises(UsageError):
        saved(tensors(), target_size=ends[0], **rules)
    target = len(saved(tensors(), quality=50.0, **rules))
    data = saved(tensors(), target_size=target, **rules)
    assert 0.98 * target <= len(data) <= target


@pytest.mark.parametrize("other", [{"snr": 30.0}, {"max_error": 0.1}, {"quality": 70.0}, {"lossless": True}])
def test_a_size_excludes_other_kinds_of_quality(other):
    with pytest.raises(UsageError) as raised:
        saved(tensors(), target_size=9_000, **other)
    assert raised.value.code is Code.BAD_OPTION
    assert "target-size" in raised.value.message
