"""How far tensors are apart: signal-to-noise ratio and largest error."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10

import numpy as np

from .stages.elements import to_reals
from .tensors import Array, DType

_BLOCK = 1 << 20
"""elements compared at once"""


@dataclass(frozen=True, slots=True)
class Measure:
    """How far two tensors of one dtype and shape are apart."""

    equal: bool
    """bit for bit"""
    energy: float
    """of the first; not finite where the first is not"""
    noise: float
    max_error: float

    @property
    def snr(self) -> float | None:
        """dB; None where the first is zero and the second is not."""
        return decibels(self.energy, self.noise) if self.energy or not self.noise else None


def compare(before: Array, after: Array, dtype: DType) -> Measure:
    """Compare two tensors in blocks, so that little memory is needed beside them."""
    first, second = np.ascontiguousarray(before).reshape(-1), np.ascontiguousarray(after).reshape(-1)
    equal, energy, noise, largest = True, 0.0, 0.0, 0.0
    for start in range(0, first.size, _BLOCK):
        mine, other = first[start : start + _BLOCK], second[start : start + _BLOCK]
        equal = equal and mine.tobytes() == other.tobytes()
        if dtype.lossy:
            reals = to_reals(mine, dtype)
            with np.errstate(invalid="ignore", over="ignore"):
                error = reals - to_reals(other, dtype)
                energy, noise = energy + float(np.vdot(reals, reals)), noise + float(np.vdot(error, error))
            largest = max(largest, float(np.abs(error).max()))
    return Measure(equal, energy, noise, largest)


def decibels(energy: float, noise: float) -> float:
    """Signal-to-noise ratio; inf without noise, -inf for noise without energy."""
    if noise == 0.0:
        return inf
    return 10 * log10(energy / noise) if energy else -inf
