"""Widths that a caller asks for: ways to name them, validation, limits."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from frc_files import GOOD
from width_files import IN, OUT, one, tried

from frcodec import Code, FrcError, UsageError, load_file, open_file
from frcodec.decoder.width import lengths_of
from frcodec.stages.region import Box

# What may be asked for


@pytest.mark.parametrize(
    ("width", "lengths"),
    [
        (16, (8, 16, 16)),
        ("16", (8, 16, 16)),
        (1000, (8, 16, 100)),
        ("1/4", (2, 4, 25)),
        ("0.25", (2, 4, 25)),
        (0.25, (2, 4, 25)),
        (np.float64(0.25), (2, 4, 25)),
        (Fraction(1, 3), (3, 6, 34)),
        (0.1, (1, 2, 10)),
        (1e-9, (1, 1, 1)),
        ("2.", (16, 32, 200)),
        ("3/2", (12, 24, 150)),
        ((8, 4, 200), (8, 4, 200)),
        ([np.int64(1), 2, 3], (1, 2, 3)),
        ("8,4,200", (8, 4, 200)),
        ("8,4,200,", (8, 4, 200)),
        ({1: 5}, (8, 5, 100)),
        (np.int32(7), (7, 7, 7)),
    ],
)
def test_ways_to_name_a_width(width, lengths):
    assert lengths_of(width, (8, 16, 100)) == lengths


@pytest.mark.parametrize(
    "width",
    [0, -1, "0", "", "x", "1/0", "-1/2", "nan", "0.0", 0.0, -0.5, float("nan"), float("inf"), (8, 4), (8, 4, 0), "8,4",
     "8,,4", "8,4,x", {3: 1}, {"a": 1}, {0: 0}, [], [1.5, 2, 3], b"16", object(), None, 1j],
)  # fmt: skip
def test_widths_that_mean_nothing(width):
    with pytest.raises(UsageError) as caught:
        lengths_of(width, (8, 16, 100))
    assert caught.value.code == Code.BAD_OPTION


def test_a_width_without_validation_must_be_allowed():
    file = tried(one(), 4, (16,))
    for width in (3, "1/8", (17,)):
        with pytest.raises(UsageError, match="validated at 4; 16") as caught:
            load_file(file, width=width)
        assert caught.value.code == Code.UNVALIDATED_WIDTH
        load_file(file, width=width, allow_unvalidated=True)
    for width, length in ((4, 4), ((16,), 16), ("1/2", 4), (8, 8), (9, 8), (1.0, 8)):
        assert load_file(file, width=width)["w"].shape == (length, 3, 3)
    with pytest.raises(UsageError, match="validated at full width only, 8"):
        load_file(one(), width=4)


def test_axes_can_be_too_long():
    with pytest.raises(UsageError, match="4097") as caught:
        load_file(one(), width=(4097,), allow_unvalidated=True)
    assert caught.value.code == Code.BAD_OPTION
    assert load_file(one(), width=(4096,), allow_unvalidated=True)["w"].shape == (4096, 3, 3)


def test_a_file_of_one_width_says_so():
    with pytest.raises(UsageError, match="full width only"):
        load_file(GOOD, width=4, allow_unvalidated=True)
    with open_file(GOOD) as file:
        assert file.widths is None


def test_the_limit_of_bytes_is_that_of_the_width():
    file = one(shape=(2, 2), region=Box((1, 1)), channels={0: OUT, 1: IN})
    tracemalloc.start()
    with pytest.raises(FrcError) as caught:
        load_file(file, width=(4096,), allow_unvalidated=True, max_bytes=4096 * 4096 * 4 - 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (caught.value.code, peak < 1 << 20) == (Code.TOO_LARGE, True)
    assert load_file(file, width=(1,), allow_unvalidated=True, max_bytes=16)["w"].shape == (1, 1)
