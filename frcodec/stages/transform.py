"""The exact DCT: forward in floating point, inverse in integers (spec section "Inverse transform").

    basis   B[n, k] = round(2^22 · s_k · cos(π · k(2n+1) / 2N)),   s_0 = √(1/N), s_k = √(2/N)
    inverse X = points · 2^F;  for each transformed axis:  X = ⌊(B · X + 2^21) / 2^22⌋;  value = X · 2^-F

F is the largest number with Σ points² <= 2^(60 - 2F), at most 30. As the basis is orthonormal, every partial sum of
every product then stays below 2^53 (Cauchy-Schwarz), so any order of summation in IEEE doubles gives the same integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import pi, prod, sqrt

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..constants import BASIS_BITS, ENERGY_BITS, MAX_FRACTION_BITS, MIN_FRACTION_BITS, Code
from ..errors import CorruptError

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Transform:
    """Which axes of a tensor are transformed, and in what blocks."""

    axes: tuple[int, ...] = ()
    """ascending; () for none"""
    block: int = 0
    """every axis is cut into runs of 2^block elements, the last of which may be shorter; 0: axes are whole"""

    @property
    def mask(self) -> int:
        """The axes as a number: bit a is set if axis a is transformed."""
        return sum(1 << axis for axis in self.axes)

    def runs(self, length: int) -> int:
        """Elements of a run of an axis of this length."""
        return min(length, 1 << self.block) if self.block else length


def forward(values: Reals, transform: Transform) -> Reals:
    """The orthonormal DCT-II of every run, same shape."""
    if not transform.axes or not values.size:
        return values
    if not transform.block:
        coefs: Reals = scipy.fft.dctn(values, axes=transform.axes, norm="ortho")
        return coefs
    result = values
    for axis in transform.axes:
        length, run = values.shape[axis], transform.runs(values.shape[axis])
        cut = length // run * run
        before, after = result.shape[:axis], result.shape[axis + 1 :]
        head, tail = np.split(result, [cut], axis=axis)
        parts = [scipy.fft.dct(head.reshape(*before, -1, run, *after), axis=axis + 1, norm="ortho").reshape(head.shape)]
        if cut < length:
            parts.append(scipy.fft.dct(tail, axis=axis, norm="ortho"))
        result = np.concatenate(parts, axis=axis)
    return result


def fraction_bits(energy: int) -> int:
    """F for points with this sum of squares; below 8 there is no exact inverse transform of them."""
    return min(MAX_FRACTION_BITS, (ENERGY_BITS - max(0, energy - 1).bit_length()) // 2)


def energy(points: npt.NDArray[np.int32]) -> int:
    """Sum of squares, exact."""
    flat = points.reshape(-1)
    total = 0
    for start in range(0, flat.size, 1 << 16):  # 2^16 squares of halves of 16 bits fit in 64 bits
        part = flat[start : start + (1 << 16)].astype(np.int64)
        high, low = part >> 16, part & 0xFFFF
        total += (int(high @ high) << 32) + (int(high @ low) << 17) + int(low @ low)
    return total


def invertible(points: npt.NDArray[np.int32]) -> bool:
    """Whether the exact inverse transform takes these points."""
    return fraction_bits(energy(points)) >= MIN_FRACTION_BITS


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


def inverse(points: Reals, shape: Sequence[int], transform: Transform, fraction: int) -> Reals:
    """The inverse transform of a box of points: integers value · 2^F, as exact doubles.

    Transformed axes get their length in `shape`; all others keep that of the box. `fraction` is F of the energy of all
    points. Raises CorruptError (bad_record) if F is below 8.
    """
    if fraction < MIN_FRACTION_BITS:
        raise CorruptError(
            Code.BAD_RECORD,
            f"The levels of a transformed tensor are too large: F = {fraction} is below {MIN_FRACTION_BITS}.",
        )
    x = points * 2.0**fraction
    for axis in axis_order(points.shape, shape, transform.axes):
        x = _inverse_axis(x, axis, shape[axis], transform.runs(shape[axis]))
    return x


def _inverse_axis(x: Reals, axis: int, length: int, run: int) -> Reals:
    """One axis, run by run: at most one run is kept in part, those before it whole, those behind it not at all."""
    before, kept, after = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
    x3 = x.reshape(before, kept, after)
    result = np.zeros((before, length, after))
    cut = kept // run * run if run else 0
    if cut:
        runs = _product(x3[:, :cut].reshape(-1, run, after), basis(run, run))
        result[:, :cut] = runs.reshape(before, cut, after)
    if cut < kept:
        last = min(run, length - cut)
        result[:, cut : cut + last] = _product(x3[:, cut:], basis(last, kept - cut))
    return result.reshape(*x.shape[:axis], length, *x.shape[axis + 1 :])


def _product(x: Reals, matrix: Reals) -> Reals:
    """⌊(matrix · x + 2^21) / 2^22⌋ of x [runs, kept, after]."""
    product: Reals = (x[:, :, 0] @ matrix.T)[:, :, None] if x.shape[2] == 1 else np.matmul(matrix, x)
    product += 2.0 ** (BASIS_BITS - 1)
    product *= 2.0**-BASIS_BITS
    return np.floor(product, out=product)
