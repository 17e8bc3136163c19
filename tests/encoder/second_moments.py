"""Second moments of made-up inputs, and what errors cost by them."""

from __future__ import annotations

import numpy as np


def moments(columns: int, rank: int | None = None, seed: int = 0) -> np.ndarray:
    """Second moments [columns, columns] of low rank, float32, scaled to a mean diagonal of 1."""
    x = np.random.default_rng(seed).normal(size=(rank or max(2, columns // 4), columns))
    product = x.T @ x
    return (product / np.diag(product).mean()).astype(np.float32)


def cost(errors: np.ndarray, related: np.ndarray) -> float:
    """Σ eᵀ H e over rows of errors [rows, columns]."""
    return float(np.einsum("ri,ij,rj->", errors, related.astype(np.float64), errors))
