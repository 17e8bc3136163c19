"""Error feedback: later columns of a row compensate for the errors of earlier ones. Nothing here is normative.

With H = U D Uᵀ, U unit upper triangular, the error of a row costs

    eᵀ H e = Σ_j D_j (e_j + Σ_{i<j} U_ij e_i)²

so column j is quantized from x_j - Σ_{i<j} U_ij e_i, and only its deviation from that costs, D_j. This is the
successive rounding of GPTQ (Frantar et al., 2022), written as a triangular factorization, along a trellis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ..stages.transform import Transform, forward

Reals = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

DAMPING: Final = 0.1
"""added to the diagonal of H, whose mean is 1: moments of few inputs are not reliable in every direction"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """The factors U and D of the damped H."""

    upper: Floats
    """U [columns, columns]"""
    weights: Floats
    """D over its mean [columns]"""
    cost: float
    """mean of D over that of the diagonal, 0 … 1: the cost of an error with feedback over that without"""


def feedback(moments: Floats, shape: Sequence[int], transform: Transform) -> Feedback:
    """Factors for the coefficients of a weight tensor [rows, ...] of this shape, transformed along kernel axes.

    `moments` H [columns, columns] are those of the weights, before the transform.
    """
    h = _transformed(moments.astype(np.float64), shape, transform)
    h[np.diag_indices(len(h))] += DAMPING
    # H = R Rᵀ with R upper triangular: Cholesky with rows and columns reversed
    root = scipy.linalg.cholesky(h[::-1, ::-1], lower=True, check_finite=False)[::-1, ::-1]
    diagonal = np.diag(root)
    weights = diagonal**2
    mean = float(weights.mean())
    upper = np.ascontiguousarray(root / diagonal, np.float32)
    return Feedback(upper, (weights / mean).astype(np.float32), mean / (1 + DAMPING))


def _transformed(moments: Reals, shape: Sequence[int], transform: Transform) -> Reals:
    """T H Tᵀ [columns, columns] for the transform T of every kernel."""
    axes = tuple(axis for axis in transform.axes if axis >= 2)
    if not axes:
        return moments
    kernel_transform = Transform(tuple(axis - 1 for axis in axes), transform.block)
    for _ in range(2):  # T H, then T (T H)ᵀ: H is symmetric
        kernels = moments.reshape(-1, *shape[2:], len(moments))
        moments = forward(kernels, kernel_transform).reshape(len(moments), -1).T
    return np.ascontiguousarray(moments)
