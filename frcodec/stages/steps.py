"""Step sizes as 16-bit codes (spec section "Reconstruction").

step = (256 + mantissa) / 256 · 2^(exponent - 90),   code = 256 · exponent + mantissa
"""

from __future__ import annotations

from math import frexp, ldexp

from ..constants import MAX_STEP_EXPONENT, STEP_EXPONENT_BIAS, STEP_MANTISSA_BITS

_ONE = 1 << STEP_MANTISSA_BITS
MAX_CODE = _ONE * (MAX_STEP_EXPONENT + 1) - 1
"""the largest step code, 55807"""


def step_of(code: int) -> float:
    """The step of a code in 0 … 55807: 2^-90 … just below 2^128."""
    return ldexp(_ONE + code % _ONE, code // _ONE - STEP_EXPONENT_BIAS - STEP_MANTISSA_BITS)


def code_below(step: float) -> int:
    """The code of the largest step ≤ `step`; 0 if `step` is below the smallest."""
    if step >= step_of(MAX_CODE):
        return MAX_CODE
    if step <= step_of(0):
        return 0
    mantissa, exponent = frexp(step)  # step = mantissa · 2^exponent, 0.5 <= mantissa < 1
    return _ONE * (exponent - 1 + STEP_EXPONENT_BIAS) + int(mantissa * 2 * _ONE) - _ONE


def code_near(step: float) -> int:
    """The code of the nearest step."""
    below = code_below(step)
    above = min(below + 1, MAX_CODE)
    return below if step - step_of(below) <= step_of(above) - step else above
