"""Second moments of the inputs of each weight, recorded at the dispatcher: for modules, functions and TorchScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_COLUMNS = 2048
"""columns of a weight at most: larger moments take too much memory and too many samples"""
_NUMBERS = 1 << 24
"""elements of an unfolded image at most; beyond, positions are subsampled evenly"""
_POSITIONS = 1 << 12
"""positions of an image at most, subsampled evenly"""


class Moments(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums x xᵀ over the inputs x of each weight. A weight is recognized by its address and size in an operation."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = {
            (weight.data_ptr(), weight.numel()): name
            for name, weight in weights.items()
            if 1 < prod(weight.shape[1:]) <= _COLUMNS
        }
        self.sums: dict[str, Tensor] = {}
        """[columns, columns], single precision, by name"""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Record the inputs of products and convolutions, then run them."""
        name = func._schema.name
        if name in ("aten::convolution", "aten::_convolution"):
            self._record_convolution(*args[:9])
        elif name == "aten::addmm":
            self._record_product(args[1], args[2])
        elif name == "aten::mm":
            self._record_product(args[0], args[1])
        elif name == "aten::bmm" and (len(args[1]) == 1 or args[1].stride(0) == 0):  # TorchScript's linear layers
            self._record_product(args[0].flatten(0, 1), args[1][0])
        elif name == "aten::linear":
            self._record_product(args[0].flatten(0, -2), args[1].t())
        return func(*args, **(kwargs or {}))

    def _name(self, weight: Tensor) -> str | None:
        """The name of a weight; None for tensors that are not recorded."""
        return self._names.get((weight.data_ptr(), weight.numel()))

    def _record_product(self, x: Tensor, weight: Tensor) -> None:
        """Record x [samples, columns] for its product with the transpose of a weight."""
        name = self._name(weight)
        # the transpose [columns, rows] of a contiguous weight [rows, columns]
        if name and x.shape[1] == weight.shape[0] and weight.stride(0) == 1:
            self._add(name, x.detach())

    def _record_convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        transposed: bool,
        output_padding: Sequence[int],
        groups: int,
    ) -> None:
        """Record the patches of x that the kernels of a convolution in one or two dimensions see."""
        name = self._name(weight)
        if not name or transposed or groups > 1 or weight.ndim not in (3, 4):
            return
        x = x.detach()
        if weight.ndim == 3:
            x, weight = x[..., None], weight[..., None]
            stride, padding, dilation = [*stride, 1], [*padding, 0], [*dilation, 1]
        self._add(name, _patches(x, weight.shape[2:], stride, padding, dilation))

    def _add(self, name: str, x: Tensor) -> None:
        """Add samples x [positions, columns]."""
        product = x.float().T @ x.float()
        self.sums[name] = self.sums[name] + product if name in self.sums else product


def _patches(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> Tensor:
    """Patches [positions, channels · kernel] of x [batch, channels, h, w], at evenly sampled positions."""
    x = torch.nn.functional.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    high, wide = ((x.shape[2 + i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(2))
    s = x.stride()
    windows = x.as_strided(
        (x.shape[0], high, wide, x.shape[1], *kernel),
        (s[0], s[2] * stride[0], s[3] * stride[1], s[1], s[2] * dilation[0], s[3] * dilation[1]),
    )
    total, columns = x.shape[0] * high * wide, x.shape[1] * prod(kernel)
    count = max(1, min(_POSITIONS, _NUMBERS // columns))
    take = torch.arange(0, total, max(1, total // count))
    return windows[take // (high * wide), take // wide % high, take % wide].reshape(len(take), -1)
