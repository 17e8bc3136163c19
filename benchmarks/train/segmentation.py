"""The U-Net of the segmentation runs, its sets, and its loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.train.common import Part

ROAD = 3
"""class of CamVid"""
MEAN, SPREAD = 0.4, 0.3
"""of the pictures' values 0 … 1"""
STAMPS_HELD_BACK = 300
"""of the stamps' training part, to choose settings by"""


class Double(nn.Module):
    """Two 3x3 convolutions, each with a norm that has no parameters and keeps no statistics, and a ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.b = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[n, inputs, h, w] -> [n, outputs, h, w]."""
        for layer in (self.a, self.b):
            x = functional.relu(functional.instance_norm(layer(x)))
        return x


class UNet(nn.Module):
    """Pictures [n, 3, h, w] -> logits of a mask [n, h, w]; `widths` are the channels from the finest level down.

    Each level down halves the picture by max-pooling; transposed convolutions 2x2 come up again, and are concatenated
    with what the level had on the way down.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.widths = widths
        self.down = nn.ModuleList(Double(i, o) for i, o in zip((3, *widths), widths, strict=False))
        finer = list(zip(widths, widths[1:], strict=False))[::-1]
        self.rise = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, stride=2, bias=False) for high, low in finer)
        self.up = nn.ModuleList(Double(2 * high, high) for high, _ in finer)
        self.last = nn.Conv2d(widths[0], 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        kept: list[Tensor] = []
        for number, double in enumerate(self.down):
            x = double(functional.max_pool2d(x, 2) if number else x)
            kept.append(x)
        kept.pop()
        for rise, double in zip(self.rise, self.up, strict=True):
            x = double(torch.cat([kept.pop(), rise(x)], 1))
        found: Tensor = self.last(x)[:, 0]
        return found


def multiply_adds(net: UNet, height: int, width: int) -> int:
    """Of one picture."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        where = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        total += layer.weight.numel() * where.shape[-1] * where.shape[-2]

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    with torch.no_grad():
        net(torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return total


def overlap_loss(net: Callable[[Tensor], Tensor], pictures: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy, and 1 - the Dice of every picture's probabilities."""
    logits = net(pictures)
    p = torch.sigmoid(logits)
    shared = 2 * (p * masks).sum((1, 2)) + 1
    every = p.sum((1, 2)) + masks.sum((1, 2)) + 1
    return functional.binary_cross_entropy_with_logits(logits, masks) + 1 - (shared / every).mean()


def taught(teacher: nn.Module) -> Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]:
    """The same loss, with a teacher's probabilities in place of the masks."""
    teacher.eval()

    def loss(net: Callable[[Tensor], Tensor], pictures: Tensor, masks: Tensor) -> Tensor:
        with torch.no_grad():
            soft = torch.sigmoid(teacher(pictures))
        return overlap_loss(net, pictures, soft)

    return loss


def lit(pictures: Tensor, masks: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mirrored or not, in other light: contrast, colour and brightness."""
    n = len(pictures)
    mirror = torch.rand(n, generator=chance) < 0.5
    pictures = torch.where(mirror[:, None, None, None], pictures.flip(3), pictures)
    masks = torch.where(mirror[:, None, None], masks.flip(2), masks)

    def between(spread: float, channels: int) -> Tensor:
        return spread * (2 * torch.rand(n, channels, 1, 1, generator=chance) - 1)

    return pictures * torch.exp(between(0.5, 1)) * torch.exp(between(0.1, 3)) + between(0.75, 1), masks


def read(path: Path, halved: bool) -> dict[str, Part]:
    """Parts train, val and test of a set: CamVid's roads (with a part for choosing) or the stamps."""
    with np.load(path, allow_pickle=False) as arrays:
        if "xval" in arrays:
            masks = {part: arrays[f"y{part}"] == ROAD for part in ("train", "val", "test")}
            return {part: _part(arrays[f"x{part}"], mask, halved) for part, mask in masks.items()}
        pictures, found, cut = arrays["xtr"], arrays["ytr"], -STAMPS_HELD_BACK
        return {
            "train": _part(pictures[:cut], found[:cut], halved),
            "val": _part(pictures[cut:], found[cut:], halved),
            "test": _part(arrays["xte"], arrays["yte"], halved),
        }


def _part(pictures: np.ndarray, masks: np.ndarray, halved: bool) -> Part:
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(masks).float()[:, None]
    if halved:
        x, y = functional.avg_pool2d(x, 2), (functional.avg_pool2d(y, 2) >= 0.5).float()
    return Part(((x - MEAN) / SPREAD).contiguous(), y[:, 0].contiguous())
