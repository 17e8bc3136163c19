"""The honest baselines of a file of so many bytes: a narrow dense net, and magnitude pruning, both coded by our codec.

Everything that the baselines may choose (width, share of weights kept, and with them the quality) is chosen by the
score on the part for choosing, as for the networks that are trained to be small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.common import console
from benchmarks.train.common import Score, parameters, shipped
from frcodec import Options, UsageError

Train = Callable[[nn.Module, int, Callable[[], None] | None], float]
"""trains a module in place for so many epochs, calling what is given after every step; returns the seconds"""


@dataclass(frozen=True)
class Found:
    """The best file of a method for a limit."""

    limit: int
    setting: str
    data: bytes
    module: nn.Module
    """with the weights that the file decodes to"""
    chosen_by: float
    parameters: int
    seconds: float


def coded(module: nn.Module, limit: int, score: Score) -> tuple[bytes, nn.Module, float] | None:
    """The file of at most so many bytes, its module and what it scores for choosing; None if nothing fits."""
    try:
        data, rebuilt = shipped(module, Options(target_size=limit))
    except UsageError:  # even the lowest quality is larger
        return None
    return (data, rebuilt, score(rebuilt, "val")) if len(data) <= limit else None


def narrow(
    nets: Sequence[tuple[str, Callable[[], nn.Module]]], train: Train, epochs: int, score: Score, limits: Sequence[int]
) -> list[Found]:
    """Dense nets of several widths, each trained once; for every limit the best of them in so few bytes."""
    best: dict[int, Found] = {}
    for setting, make in nets:
        module = make()
        seconds = train(module, epochs, None)
        console.print(f"narrow {setting}: {parameters(module):,} weights, {score(module, 'val'):.2f}", style="dim")
        keep_best(best, setting, module, limits, score, parameters(module), seconds)
    return list(best.values())


def pruned(
    dense: nn.Module, shares: Sequence[float], train: Train, epochs: int, score: Score, limits: Sequence[int]
) -> list[Found]:
    """The dense net with only the largest of its weights, trained on, for several shares of weights that are kept."""
    best: dict[int, Found] = {}
    for share in shares:
        module = deepcopy(dense)
        weights = [parameter for parameter in module.parameters() if parameter.ndim >= 2]
        masks = largest(weights, share)

        def cut(weights: Sequence[Tensor] = weights, masks: Sequence[Tensor] = masks) -> None:
            with torch.no_grad():
                for weight, mask in zip(weights, masks, strict=True):
                    weight.mul_(mask)

        cut()
        seconds = train(module, epochs, cut)
        kept = sum(int(mask.sum()) for mask in masks)
        console.print(f"pruned to {kept:,} weights: {score(module, 'val'):.2f}", style="dim")
        keep_best(best, f"{100 * share:.3g} % kept", module, limits, score, kept, seconds)
    return list(best.values())


def largest(weights: Sequence[Tensor], share: float) -> list[Tensor]:
    """Masks of the largest magnitudes, by one threshold for all tensors."""
    magnitudes = torch.cat([weight.detach().abs().reshape(-1) for weight in weights])
    kept = max(1, round(share * len(magnitudes)))
    threshold = magnitudes.sort(descending=True).values[kept - 1]
    return [(weight.detach().abs() >= threshold).to(weight.dtype) for weight in weights]


def keep_best(
    best: dict[int, Found],
    setting: str,
    module: nn.Module,
    limits: Sequence[int],
    score: Score,
    count: int,
    seconds: float,
) -> None:
    """Encode for every limit, and note what is better than the best so far."""
    for limit in limits:
        file = coded(module, limit, score)
        if file and (limit not in best or file[2] > best[limit].chosen_by):
            data, rebuilt, points = file
            best[limit] = Found(limit, setting, data, rebuilt, points, count, seconds)
