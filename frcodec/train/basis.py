"""The orthonormal DCT of torch tensors along some axes, as products with small bases.

basis[n, k] = s_k · cos(π · k(2n+1) / 2N),   s_0 = √(1/N), s_k = √(2/N)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import pi, prod, sqrt

import torch
from torch import Tensor


@lru_cache(maxsize=1024)
def basis(length: int, kept: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The first `kept` columns of the basis of an axis [length, kept]."""
    n = torch.arange(length, dtype=torch.int64)[:, None]
    k = torch.arange(kept, dtype=torch.int64)[None]
    angles = (k * (2 * n + 1) % (4 * length)).double() * (pi / (2 * length))
    columns = torch.cos(angles) * sqrt(2 / length)
    columns[:, :1] = sqrt(1 / length)
    return columns.to(dtype=dtype, device=device)


def inverse(box: Tensor, shape: Sequence[int], axes: Sequence[int]) -> Tensor:
    """Values from a box of coefficients, of the given shape along the axes."""
    growth = {axis: shape[axis] / max(1, box.shape[axis]) for axis in axes}
    x = box
    for axis in sorted(axes, key=lambda axis: growth[axis]):  # so that intermediates stay small
        x = _product(basis(shape[axis], x.shape[axis], x.dtype, x.device), x, axis)
    return x


def forward(values: Tensor, axes: Sequence[int]) -> Tensor:
    """All coefficients of the values, same shape."""
    x = values
    for axis in axes:
        x = _product(basis(x.shape[axis], x.shape[axis], x.dtype, x.device).T, x, axis)
    return x


def _product(matrix: Tensor, x: Tensor, axis: int) -> Tensor:
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    lines = x.reshape(prod(before), x.shape[axis], prod(after))
    return torch.matmul(matrix, lines).reshape(*before, matrix.shape[0], *after)
