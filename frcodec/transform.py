"""The exact DCT: forward in floating point, inverse in integers (spec section "Inverse transform").

    basis   B[n, k] = round(2^22 · s_k · cos(π · k(2n+1) / 2N)),   s_0 = √(1/N), s_k = √(2/N)
    inverse X = levels · 2^F;  for each transformed axis:  X = ⌊(B · X + 2^21) / 2^22⌋;  value = X · 2^-F

F is the largest number with Σ levels² <= 2^(60 - 2F), at most 30. As the basis is orthonormal, every partial sum of
every product then stays below 2^53 (Cauchy-Schwarz), so any order of summation in IEEE doubles gives the same integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import pi, prod, sqrt

import numpy as np
import numpy.typing as npt
import scipy.fft

from .constants import BASIS_BITS, ENERGY_BITS, MAX_FRACTION_BITS, MIN_FRACTION_BITS, Code
from .errors import CorruptError

Reals = npt.NDArray[np.float64]


def forward(values: Reals, axes: Sequence[int]) -> Reals:
    """Orthonormal DCT-II coefficients of the values over these axes, same shape."""
    if not axes or not values.size:
        return values
    result: Reals = scipy.fft.dctn(values, axes=tuple(axes), norm="ortho")
    return result


def fraction_bits(energy: int) -> int:
    """F for levels of this sum of squares; below 8 there is no exact transform of them."""
    return min(MAX_FRACTION_BITS, (ENERGY_BITS - max(0, energy - 1).bit_length()) // 2)


def energy(levels: npt.NDArray[np.int32]) -> int:
    """Sum of squares, exactly."""
    flat = levels.reshape(-1)
    total = 0
    for start in range(0, flat.size, 1 << 16):  # 2^16 squares of halves of 16 bits fit in 64 bits
        part = flat[start : start + (1 << 16)].astype(np.int64)
        high, low = part >> 16, part & 0xFFFF
        total += (int(high @ high) << 32) + (int(high @ low) << 17) + int(low @ low)
    return total


@lru_cache(maxsize=256)
def cosines(length: int) -> Reals:
    """round(2^22 · √(2/N) · cos(π m / 2N)) for m = 0 … N [length + 1], as exact doubles; read-only."""
    angles = np.arange(length + 1) * (pi / (2 * length))
    result: Reals = np.floor(2.0**BASIS_BITS * sqrt(2 / length) * np.cos(angles) + 0.5)
    result[length] = 0.0
    result.setflags(write=False)
    return result


def basis(length: int, kept: int) -> Reals:
    """The first `kept` columns of the integer basis [n, k] of an axis with this length, as exact doubles."""
    half = np.concatenate([cosines(length), -cosines(length)[-2::-1]])  # m = 0 … 2N
    period = np.concatenate([half, half[-2:0:-1]])  # m = 0 … 4N - 1
    n, k = np.ogrid[:length, :kept]
    result: Reals = period[k * (2 * n + 1) % (4 * length)]
    result[:, :1] = np.floor(2.0**BASIS_BITS * sqrt(1 / length) + 0.5)
    return result


def axis_order(kept: Sequence[int], shape: Sequence[int], axes: Sequence[int]) -> list[int]:
    """The order in which axes are transformed: least growth first, so that intermediates stay small."""
    return sorted(axes, key=lambda axis: (Fraction(shape[axis], max(1, kept[axis])), axis))


def inverse(levels: Reals, shape: Sequence[int], axes: Sequence[int], fraction: int) -> Reals:
    """Integers value · 2^F, exact in doubles, of the given shape along `axes`, from a box of levels.

    Axes that are not transformed keep the box's length. `fraction` is F of the whole tensor's energy.
    Raises CorruptError (bad_record) where F is too small for an exact result.
    """
    if fraction < MIN_FRACTION_BITS:
        raise CorruptError(
            Code.BAD_RECORD, f"Levels of a transformed tensor are too large: F is {fraction}, 8 is the least."
        )
    x = levels * 2.0**fraction
    for axis in axis_order(levels.shape, shape, axes):
        x = _inverse_axis(x, axis, basis(shape[axis], levels.shape[axis]))
    return x


def _inverse_axis(x: Reals, axis: int, matrix: Reals) -> Reals:
    """One axis: matrix product, then rounding half up."""
    before, after = prod(x.shape[:axis]), prod(x.shape[axis + 1 :])
    if after == 1:
        product = x.reshape(before, -1) @ matrix.T
    else:
        product = np.matmul(matrix, x.reshape(before, x.shape[axis], after))
    product += 2.0 ** (BASIS_BITS - 1)
    product *= 2.0**-BASIS_BITS
    np.floor(product, out=product)
    return product.reshape(*x.shape[:axis], len(matrix), *x.shape[axis + 1 :])
