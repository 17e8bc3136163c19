"""Error feedback: later columns of a row make up for the errors of earlier ones. Nothing here is normative.

With H = U D Uᵀ, U unit upper triangular, the error of a row costs

    eᵀ H e = Σ_j D_j (e_j + Σ_{i<j} U_ij e_i)²

so column j aims at x_j - Σ_{i<j} U_ij e_i, and only what it misses of that costs, D_j. This is the successive rounding
of GPTQ (Frantar et al., 2022), written as a triangular factorization, along a trellis.
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
"""what is added to the diagonal of H, whose mean is 1: moments of few inputs cannot be trusted in every direction"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """U and D."""

    upper: Floats
    """[columns, columns]"""
    weights: Floats
    """[columns] D over its mean"""
    cost: float
    """mean of D over that of the diagonal: how much less an error costs than one that is not made up for"""


def feedback(moments: Floats, shape: Sequence[int], transform: Transform) -> Feedback:
    """For coefficients of a weight tensor [rows, ...] of this shape under a transform of its kernel axes.

    `moments` [columns, columns] belong to the weights themselves.
    """
    related = _transformed(moments.astype(np.float64), shape, transform)
    related[np.diag_indices(len(related))] += DAMPING
    # H = R Rᵀ with R upper triangular: Cholesky from the other end
    root = scipy.linalg.cholesky(related[::-1, ::-1], lower=True, check_finite=False)[::-1, ::-1]
    diagonal = np.diag(root)
    weights = diagonal**2
    mean = float(weights.mean())
    upper = np.ascontiguousarray(root / diagonal, np.float32)
    return Feedback(upper, (weights / mean).astype(np.float32), mean / (1 + DAMPING))


def _transformed(moment: Reals, shape: Sequence[int], transform: Transform) -> Reals:
    """T H Tᵀ for the transform T of every kernel."""
    axes = tuple(axis for axis in transform.axes if axis >= 2)
    if not axes:
        return moment
    kernels = (-1, *shape[2:])
    for _ in range(2):  # once from each side: H is symmetric
        rows = moment.reshape(*kernels, len(moment))
        moment = forward(rows, Transform(tuple(axis - 1 for axis in axes), transform.block)).reshape(len(moment), -1).T
    return np.ascontiguousarray(moment)
