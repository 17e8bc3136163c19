"""Training a U-Net at several widths at once: every other step sees the same cosines sampled at fewer channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from math import sqrt
from typing import TypeAlias

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from benchmarks.train.narrow_decode import channels
from benchmarks.train.segmentation import UNet

Task: TypeAlias = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]
"""a loss of what a net does with inputs and targets"""


def at_widths(
    widths: Sequence[tuple[int, ...]], seed: int, task: Task
) -> Callable[[nn.Module, Tensor, Tensor], Tensor]:
    """The loss of a task, every second step, on average, at one of the widths, drawn evenly."""
    nets = [UNet(lengths) for lengths in widths]
    chance = torch.Generator().manual_seed(seed)

    def loss(net: nn.Module, pictures: Tensor, masks: Tensor) -> Tensor:
        drawn = int(torch.randint(2 * len(nets), (), generator=chance))
        if drawn >= len(nets):
            return task(net, pictures, masks)
        assert isinstance(net, UNet)
        narrower = partial(functional_call, nets[drawn], weights_at(net, nets[drawn]))
        return task(lambda x: narrower((x,)), pictures, masks)

    return loss


def weights_at(net: UNet, narrower: UNet) -> dict[str, Tensor]:
    """The weights of a net as a file decodes them at the narrower net's widths, by name, differentiable."""
    shapes = {name: parameter.shape for name, parameter in narrower.named_parameters()}
    weights = {}
    for name, axes in channels(net).items():
        weight: Tensor = net.get_submodule(name.removesuffix(".weight")).weight  # type: ignore[assignment]
        for axis, channel in axes.items():
            matrix = sampling(weight.shape[axis], shapes[name][axis], channel.input)
            weight = torch.movedim(torch.tensordot(matrix, weight, dims=([1], [axis])), 0, axis)
        weights[name] = weight
    return weights


@cache
def sampling(length: int, fewer: int, inputs: bool) -> Tensor:
    """What makes an axis of `length` channels one of `fewer` [fewer, length].

    The cosines of the lowest frequencies, sampled at other points; weights of an axis of inputs grow as its channels
    become few.
    """
    kept = min(length, fewer)
    factor = sqrt(fewer / length) * (length / fewer if inputs else 1.0)
    return torch.from_numpy(factor * cosines(fewer)[:, :kept] @ cosines(length)[:, :kept].T).float()


def cosines(length: int) -> NDArray[np.float64]:
    """The orthonormal basis [length, length], a column for every frequency."""
    rows: NDArray[np.float64] = scipy.fft.idct(np.eye(length), axis=1, norm="ortho")
    return rows.T
