"""The orthonormal DCT of torch tensors along some axes, as products with basis matrices.

basis[n, k] = s_k · cos(π · k(2n+1) / 2N),   s_0 = √(1/N), s_k = √(2/N)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import pi, prod, sqrt

import torch
from torch import Tensor

_SHORT = 64
"""elements of the trailing axes that are transformed in one product, at most"""


@lru_cache(maxsize=1024)
@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def basis(length: int, kept: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The first `kept` columns of the basis of an axis of `length` elements [length, kept]."""
    n = torch.arange(length, dtype=torch.int64)[:, None]
    k = torch.arange(kept, dtype=torch.int64)[None]
    angles = (k * (2 * n + 1) % (4 * length)).double() * (pi / (2 * length))
    columns = torch.cos(angles) * sqrt(2 / length)
    columns[:, :1] = sqrt(1 / length)
    return columns.to(dtype=dtype, device=device)


def inverse(box: Tensor, shape: Sequence[int], axes: Sequence[int]) -> Tensor:
    """The inverse DCT of a box of coefficients: values of the given shape along `axes`, differentiable."""
    trailing = _short_axes(shape, axes)
    x = box
    if len(trailing) > 1:
        lengths, kept = [shape[axis] for axis in trailing], [box.shape[axis] for axis in trailing]
        x = (x.reshape(-1, prod(kept)) @ _kronecker_basis(tuple(lengths), tuple(kept), x.dtype, x.device).T).reshape(
            *box.shape[: trailing[0]], *lengths
        )
        axes = [axis for axis in axes if axis not in trailing]
    growth = {axis: shape[axis] / max(1, box.shape[axis]) for axis in axes}
    for axis in sorted(axes, key=lambda axis: growth[axis]):  # so that intermediates stay small
        x = _product(basis(shape[axis], x.shape[axis], x.dtype, x.device), x, axis)
    return x


def _short_axes(shape: Sequence[int], axes: Sequence[int]) -> list[int]:
    """The trailing axes that are transformed and have few elements together, such as those of a kernel."""
    result: list[int] = []
    for axis in range(len(shape) - 1, -1, -1):
        if axis not in axes or prod(shape[axis:]) > _SHORT:
            break
        result.insert(0, axis)
    return result


@lru_cache(maxsize=256)
@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _kronecker_basis(
    lengths: tuple[int, ...], kept: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The Kronecker product of the bases of several axes [product of lengths, product of kept]."""
    bases: list[Tensor] = [basis(n, k, torch.float64, torch.device("cpu")) for n, k in zip(lengths, kept, strict=True)]
    return reduce(torch.kron, bases).to(dtype=dtype, device=device)


def forward(values: Tensor, axes: Sequence[int]) -> Tensor:
    """The DCT along `axes`, same shape."""
    x = values
    for axis in axes:
        x = _product(basis(x.shape[axis], x.shape[axis], x.dtype, x.device).T, x, axis)
    return x


def _product(matrix: Tensor, x: Tensor, axis: int) -> Tensor:
    """The matrix times every line of x along an axis."""
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    lines = x.reshape(prod(before), x.shape[axis], prod(after))
    return torch.matmul(matrix, lines).reshape(*before, matrix.shape[0], *after)
