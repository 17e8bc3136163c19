"""Step codes."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcodec.stages.steps import MAX_CODE, code_below, code_near, step_of

CODES = st.integers(0, MAX_CODE)


def test_codes_are_the_steps_in_order():
    steps = [step_of(code) for code in range(MAX_CODE + 1)]
    assert all(before < after for before, after in zip(steps, steps[1:], strict=False))
    assert steps[0] == 2.0**-90
    assert steps[90 * 256] == 1.0
    assert steps[-1] == 511 / 256 * 2.0**127
    assert MAX_CODE == 55807


@given(CODES)
def test_a_step_is_what_the_formula_says(code):
    exponent, mantissa = divmod(code, 256)
    assert Fraction(step_of(code)) == Fraction(256 + mantissa, 256) * Fraction(2) ** (exponent - 90)


def test_every_step_finds_its_own_code():
    for code in range(0, MAX_CODE + 1):
        step = step_of(code)
        assert code_below(step) == code_near(step) == code
        if code:
            assert code_below(nextafter(step, 0)) == code - 1


@given(st.floats(2.0**-90, 2.0**127))
def test_code_below_is_the_largest_not_above(step):
    code = code_below(step)
    assert step_of(code) <= step < step_of(code + 1)


@given(st.floats(2.0**-90, 2.0**127))
def test_code_near_is_the_nearest(step):
    code = code_near(step)
    distance = abs(Fraction(step_of(code)) - Fraction(step))
    for other in (code - 1, code + 1):
        if 0 <= other <= MAX_CODE:
            assert distance <= abs(Fraction(step_of(other)) - Fraction(step))


@pytest.mark.parametrize("step", [0.0, 5e-324, 2.0**-200, nextafter(2.0**-90, 0)])
def test_too_small_steps_give_the_smallest(step):
    assert code_below(step) == code_near(step) == 0


@pytest.mark.parametrize("step", [2.0**128, 1e300, inf])
def test_too_large_steps_give_the_largest(step):
    assert code_below(step) == code_near(step) == MAX_CODE
