"""The integer basis of the DCT, against arithmetic of more than double precision."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from frcodec.constants import BASIS_BITS, MAX_TRANSFORM_LENGTH
from frcodec.stages.transform import basis, cosines

_RISKY = 1e-6
"""distance from a rounding tie below which double or extended precision is not believed"""


def _exact(length, m):
    """round(2^22 · √(2/N) · cos(π m / 2N))"""
    with mpmath.workdps(50):
        value = mpmath.sqrt(mpmath.mpf(2) / length) * mpmath.cos(mpmath.pi * m / (2 * length)) * 2**BASIS_BITS
        return int(mpmath.floor(value + mpmath.mpf(1) / 2))


def test_all_cosines_of_all_lengths():
    """8.4 million entries in extended precision; the few close to a tie in 50 digits."""
    half_pi = np.longdouble("1.57079632679489661923132169163975144")
    risky = 0
    for length in range(1, MAX_TRANSFORM_LENGTH + 1):
        m = np.arange(length + 1)
        value = np.cos(m * (half_pi / length)) * np.sqrt(np.longdouble(2) / length) * np.longdouble(2**BASIS_BITS)
        expected = np.floor(value + 0.5)
        near = np.flatnonzero(np.abs(value - np.floor(value) - 0.5) < _RISKY)
        for place in near:
            expected[place] = _exact(length, int(place))
        expected[length] = 0
        risky += len(near)
        assert np.array_equal(cosines(length), expected.astype(np.float64)), length
    assert 0 < risky < 100


@pytest.mark.parametrize("length", [*range(1, 41), 63, 64, 65, 100, 127, 128, 255, 257, 512, 1023])
def test_basis_places_the_cosines(length):
    """Every entry of the matrix: reduction of the argument, signs and the first column."""
    n, k = np.ogrid[:length, :length]
    exact = np.sqrt(2 / length) * np.cos(np.pi * (k * (2 * n + 1) % (4 * length)) / (2 * length)) * 2.0**BASIS_BITS
    exact[:, 0] = np.sqrt(1 / length) * 2.0**BASIS_BITS
    matrix = basis(length, length)
    assert matrix.shape == (length, length)
    assert np.array_equal(matrix, np.floor(matrix))
    assert np.abs(matrix - exact).max() <= 0.5 + 1e-6


def test_first_columns_of_all_lengths():
    with mpmath.workdps(50):
        for length in [*range(1, 300), 1023, 2000, MAX_TRANSFORM_LENGTH]:
            value = mpmath.floor(2**BASIS_BITS / mpmath.sqrt(length) + mpmath.mpf(1) / 2)
            assert basis(length, 1)[0, 0] == int(value)


@pytest.mark.parametrize("length", [2, 3, 5, 16, 33, 500])
def test_symmetry_is_exact(length):
    """B[N - 1 - n, k] = (-1)^k B[n, k], which even/odd folding needs."""
    matrix = basis(length, length)
    assert np.array_equal(matrix[::-1], matrix * (-1.0) ** np.arange(length))


@pytest.mark.parametrize("length", [1, 2, 7, 64, 1000])
def test_orthonormal(length):
    matrix = basis(length, length) * 2.0**-BASIS_BITS
    assert np.abs(matrix.T @ matrix - np.eye(length)).max() < length**0.5 * 2.0**-BASIS_BITS
