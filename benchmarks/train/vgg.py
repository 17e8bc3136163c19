"""A VGG-like net for clothes in a kilobyte: `python -m benchmarks.train.vgg --data fashion_mnist.npz`.

Pairs of 3x3 convolutions, each pair at half the resolution of the one before, and a linear layer on their means;
compared with the dense net, with narrow dense nets and with the pruned net as LeNet5 is, on the same parts of a set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.train.baselines import Found, narrow, pruned
from benchmarks.train.common import Measured, Part, accuracy, parameters, publish, seeded, shipped, sizes, train
from benchmarks.train.lenet5 import loss, normed, read
from frcodec.train import regularize

WIDTHS = (16, 32, 64)
NARROW = ((2, 4, 6), (3, 5, 8), (4, 6, 10))
"""widths of the narrow dense nets"""
KEPT_SHARES = (0.005, 0.01, 0.02)
"""of the dense net's weights, by pruning"""
RATE, SPECTRAL_RATE = 3e-3, 0.05
"""of learning: dense, and of coefficients"""
BATCH = 128


class Vgg(nn.Module):
    """Pictures [n, 1, 28, 28] -> logits [n, 10]."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        """With so many maps in each pair of layers."""
        super().__init__()
        pairs = zip((1, *widths), widths, strict=False)
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for n, o in pairs for i in (n, o))
        self.last = nn.Linear(widths[-1], 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = x.reshape(-1, 28, 28, 1).permute(0, 3, 1, 2)  # channels last, so that pooling is fast
        for number, layer in enumerate(self.layers):
            x = normed(layer(x))
            x = functional.max_pool2d(x, 2) if number % 2 else x
        return self.last(x.mean((2, 3)))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Run:
    """One set, trained on for so many epochs by every network."""

    parts: dict[str, Part]
    epochs: int
    seed: int

    def score(self, module: nn.Module, part: str) -> float:
        """Percent of a part that are recognized."""
        return accuracy(module, self.parts[part])

    def dense(self, module: nn.Module, epochs: int, after_step: Callable[[], None] | None = None) -> float:
        """Train ordinary weights in place; returns the seconds."""
        return train(
            module, self.parts["train"], loss, epochs=epochs, rate=RATE, batch=BATCH, seed=self.seed,
            after_step=after_step, report=lambda epoch, mean: self.line(module, epoch, mean),
        )  # fmt: skip

    def spectral(self, module: nn.Module, budget: int) -> float:
        """Make the weights frequencies and train them for a file of so many bytes; returns the seconds."""
        steps = self.epochs * -(-len(self.parts["train"]) // BATCH)
        training = regularize(module, budget=budget, steps=steps)
        return train(
            module, self.parts["train"], loss, epochs=self.epochs, rate=SPECTRAL_RATE, batch=BATCH, seed=self.seed,
            groups=training.parameter_groups(SPECTRAL_RATE), extra=lambda _: training.penalty(),
            after_step=training.step,
            report=lambda epoch, mean: self.line(module, epoch, mean) + "  " + training.progress(),
        )  # fmt: skip

    def line(self, module: nn.Module, epoch: int, mean: float) -> str:
        """The progress line of an epoch."""
        points = self.score(module, "val")
        module.train()
        return f"epoch {epoch + 1}  loss {mean:.3f}  val {points:.2f}"


def main() -> int:
    """Train, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train.vgg", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="fashion_mnist.npz or mnist.npz")
    parser.add_argument("--budgets", type=sizes, default=[2000, 1000], help="bytes, by comma")
    parser.add_argument("--epochs", type=int, default=8, help="of every network (default: 8)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seeded(arguments.seed)
    run = Run(read(arguments.data), arguments.epochs, arguments.seed)
    task = arguments.data.stem
    rows: list[Measured] = []
    for row in compared(run, task, arguments.budgets):  # what was measured is kept, should the next be interrupted
        rows.append(row)
        publish(f"vgg_{task}", f"VGG-like {'-'.join(map(str, WIDTHS))}, {task}", "percent recognized", rows)
    return 0


def compared(run: Run, task: str, budgets: Sequence[int]) -> Iterator[Measured]:
    """All networks of a set."""
    dense = net(WIDTHS, run.seed)
    seconds = run.dense(dense, run.epochs)
    top = run.score(dense, "test")

    def made(method: str, found: Found, epochs: int) -> Measured:
        scores = run.score(found.module, "test"), run.score(found.module, "val")
        return Measured(
            task, method, found.setting, len(found.data), *scores, top, found.parameters, epochs, found.seconds
        )

    yield made("dense", file(dense, "default quality", seconds), run.epochs)
    limits = []
    for budget in budgets:
        module = net(WIDTHS, run.seed)
        seconds = run.spectral(module, budget)
        ours = made("spectral", file(module, f"budget {budget}", seconds), run.epochs)
        limits.append(max(budget, ours.file_bytes))
        yield ours
    nets = [("-".join(map(str, widths)), partial(net, widths, run.seed)) for widths in NARROW]
    for found in narrow(nets, run.dense, run.epochs, run.score, limits):
        yield made("narrow", found, run.epochs)
    tuning = max(1, run.epochs // 4)
    for found in pruned(dense, KEPT_SHARES, run.dense, tuning, run.score, limits):
        yield made("pruned", found, run.epochs + tuning)


def file(module: nn.Module, setting: str, seconds: float) -> Found:
    """A network as it is shipped."""
    count = parameters(module)
    data, rebuilt = shipped(module)
    return Found(len(data), setting, data, rebuilt, 0.0, count, seconds)


def net(widths: tuple[int, ...], seed: int) -> Vgg:
    """A net with weights of its seed."""
    torch.manual_seed(seed)
    return Vgg(widths)


if __name__ == "__main__":
    sys.exit(main())
