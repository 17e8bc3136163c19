"""Second moments of what each weight is multiplied with, seen from below: modules, functions and TorchScript alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_COLUMNS = 2048
"""columns of a weight at most: the moments of larger ones are too large, and need more inputs than there are"""
_NUMBERS = 1 << 24
"""numbers of an unfolded image at most: positions are left out evenly"""
_POSITIONS = 1 << 12
"""positions of an image at most"""


class Moments(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up x xᵀ for weights by the operations that use them, which are known by the weights' addresses."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = {
            (weight.data_ptr(), weight.numel()): name
            for name, weight in weights.items()
            if 1 < prod(weight.shape[1:]) <= _COLUMNS
        }
        self.sums: dict[str, Tensor] = {}
        """[columns, columns] by name"""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Look at products and convolutions, then do them."""
        name = func._schema.name
        if name in ("aten::convolution", "aten::_convolution"):
            self._see_convolution(*args[:9])
        elif name == "aten::addmm":
            self._see_product(args[1], args[2])
        elif name == "aten::mm":
            self._see_product(args[0], args[1])
        elif name == "aten::bmm" and (len(args[1]) == 1 or args[1].stride(0) == 0):  # TorchScript's linear layers
            self._see_product(args[0].flatten(0, 1), args[1][0])
        elif name == "aten::linear":
            self._see_product(args[0].flatten(0, -2), args[1].t())
        return func(*args, **(kwargs or {}))

    def _name(self, weight: Tensor) -> str | None:
        return self._names.get((weight.data_ptr(), weight.numel()))

    def _see_product(self, x: Tensor, weight: Tensor) -> None:
        name = self._name(weight)
        # [columns, rows] of a weight [rows, columns]
        if name and x.shape[1] == weight.shape[0] and weight.stride(0) == 1:
            self._add(name, x.detach())

    def _see_convolution(
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
        name = self._name(weight)
        if not name or transposed or groups > 1 or weight.ndim not in (3, 4):
            return
        x = x.detach()
        if weight.ndim == 3:
            x, weight = x[..., None], weight[..., None]
            stride, padding, dilation = [*stride, 1], [*padding, 0], [*dilation, 1]
        self._add(name, _patches(x, weight.shape[2:], stride, padding, dilation))

    def _add(self, name: str, x: Tensor) -> None:
        """Rows of x [positions, columns] are samples."""
        product = x.float().T @ x.float()
        self.sums[name] = self.sums[name] + product if name in self.sums else product


def _patches(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> Tensor:
    """What a convolution's kernels see [positions, channels · kernel], at some positions of [batch, channels, h, w]."""
    x = torch.nn.functional.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    high, wide = ((x.shape[2 + i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(2))
    s = x.stride()
    seen = x.as_strided(
        (x.shape[0], high, wide, x.shape[1], *kernel),
        (s[0], s[2] * stride[0], s[3] * stride[1], s[1], s[2] * dilation[0], s[3] * dilation[1]),
    )
    total, columns = x.shape[0] * high * wide, x.shape[1] * prod(kernel)
    some = max(1, min(_POSITIONS, _NUMBERS // columns))
    take = torch.arange(0, total, max(1, total // some))
    return seen[take // (high * wide), take // wide % high, take % wide].reshape(len(take), -1)
