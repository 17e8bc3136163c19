"""Rounding of decoded reals to elements, against an implementation in integers."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import floor, log2

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.errors import CorruptError
from frcodec.stages.elements import to_elements, to_reals
from frcodec.tensors import DTYPES

#  dtype -> (bits of the significand with the hidden one, exponent of the smallest subnormal, bits of the pattern)
FORMATS = {"float32": (24, -149, 32), "float16": (11, -24, 16), "bfloat16": (8, -133, 16)}


def _round(value: Fraction, name: str) -> Fraction:
    """The nearest number of a format without upper end, ties to even."""
    if not value:
        return value
    precision, lowest, _ = FORMATS[name]
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length() - 1
    while Fraction(2) ** (exponent + 1) <= size:
        exponent += 1
    unit = Fraction(2) ** max(exponent - precision + 1, lowest)
    return round(value / unit) * unit  # Fraction rounds ties to even


def _largest(name):
    precision, lowest, width = FORMATS[name]
    top = (1 << (width - precision)) // 2 - 1  # exponent of the largest binade
    return (2 - Fraction(2) ** (1 - precision)) * Fraction(2) ** top


def _expected(value: float, name: str) -> Fraction | None:
    """double -> float32 -> format; None where one of the two is infinite."""
    single = _round(Fraction(value), "float32")
    if abs(single) > _largest("float32"):
        return None
    result = _round(single, name)
    return None if abs(result) > _largest(name) else result


DOUBLES = (
    st.floats(-70000, 70000)
    | st.floats(-1e-4, 1e-4)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.builds(lambda m, e: m * 2.0**e, st.integers(-(1 << 26), 1 << 26), st.integers(-160, 110))
)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=1500)
@given(value=DOUBLES)
@example(value=65519.999)
@example(value=65520.0)
@example(value=2.0**-24)
@example(value=2.0**-25)
@example(value=3.4028235677973366e38)
@example(value=2049.0000000001)
def test_rounding_is_that_of_integers(name, value):
    expected = _expected(value, name)
    if expected is None:
        with pytest.raises(CorruptError) as caught:
            to_elements(np.array([0.5, value]), DTYPES[name])
        assert caught.value.code == Code.BAD_VALUE
        return
    elements = to_elements(np.array([0.5, value]), DTYPES[name])
    assert elements.dtype == DTYPES[name].storage
    found = float(to_reals(elements, DTYPES[name])[1])
    assert Fraction(found) == expected
    assert found or np.signbit(found) == np.signbit(value)


def _values(patterns, name):
    if name == "float16":
        return patterns.astype(np.uint16).view(np.float16).astype(np.float64)
    return (patterns.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


@pytest.mark.parametrize(("name", "infinity"), [("float16", 0x7C00), ("bfloat16", 0x7F80)])
def test_all_ties_of_16_bit_formats(name, infinity):
    """Halfway between all neighbours, subnormal ones too, and one float32 to both sides of it."""
    below = np.arange(infinity - 1)
    middle = ((_values(below, name) + _values(below + 1, name)) / 2).astype(np.float32)
    assert np.array_equal(middle.astype(np.float64) * 2, _values(below, name) + _values(below + 1, name))
    for sign in (1, -1):
        for values, expected in (
            (middle, below + (below & 1)),
            (np.nextafter(middle, np.float32(0)), below),
            (np.nextafter(middle, np.float32(np.inf)), below + 1),
        ):
            found = to_elements(values.astype(np.float64) * sign, DTYPES[name]).view(np.uint16)
            assert np.array_equal(found & 0x7FFF, expected)
            assert ((found >> 15) == (sign < 0)).all()


@pytest.mark.parametrize(("name", "patterns"), [("float16", 0x7C00), ("bfloat16", 0x7F80)])
def test_all_finite_elements_come_back(name, patterns):
    bits = np.concatenate([np.arange(patterns), np.arange(patterns) | 0x8000]).astype(np.uint16)
    elements = bits.view(DTYPES[name].storage)
    again = to_elements(to_reals(elements, DTYPES[name]), DTYPES[name])
    assert np.array_equal(again.view(np.uint16), bits)


@settings(max_examples=300)
@given(st.floats(width=64, allow_nan=False, allow_infinity=False))
def test_float64_is_not_touched(value):
    found = to_elements(np.array([value]), DTYPES["float64"])
    assert found.tobytes() == struct.pack("<d", value)


@pytest.mark.parametrize("name", [*FORMATS, "float64"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_refused(name, value):
    with pytest.raises(CorruptError) as caught:
        to_elements(np.array([1.0, value]), DTYPES[name])
    assert caught.value.code == Code.BAD_VALUE


def test_the_oracle_itself():
    """It knows what NumPy does for float32, too."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=300) * 2.0 ** rng.integers(-149, 120, 300)
    for value in values:
        assert Fraction(float(np.float32(value))) == _round(Fraction(float(value)), "float32")
    assert floor(log2(_largest("float16"))) == 15
    assert _largest("float16") == 65504
