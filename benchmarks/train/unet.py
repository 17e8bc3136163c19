"""A U-Net for masks in a few hundred bytes: `python -m benchmarks.train.unet --data FILE`.

FILE is `camvid_96x128.npz` (road or not) or the evaluation suite's `stamps.npz` (object or background). The same net
is trained dense, and as frequencies for several budgets, for the same number of epochs on the same minibatches; beside
them stand narrow dense nets and the dense net pruned, coded by our codec into as many bytes. Every score is of what a
file decodes to. Settings are chosen on the part "val"; results are of "test".
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks.common import console, save, show
from benchmarks.train import narrow_decode
from benchmarks.train.baselines import narrow, pruned
from benchmarks.train.common import Loss, Measured, Part, dice, parameters, publish, seeded, shipped, sizes, train
from benchmarks.train.narrow_training import at_widths
from benchmarks.train.segmentation import UNet, lit, overlap_loss, read
from frcodec.train import Rule, regularize

WIDTHS = (8, 16, 32, 64)
NARROW = ((2, 2, 2, 2), (3, 3, 3, 3), (4, 4, 4, 4))
"""widths of the narrow dense nets"""
SMALL = (4, 4, 4, 4)
"""widths of the narrow net that is trained for its bytes too"""
KEPT_SHARES = (0.005, 0.01, 0.02)
"""of the dense net's weights, by pruning"""
TUNING = 0.25
"""epochs after pruning, as a share of those before"""
RATE, SPECTRAL_RATE = 3e-3, 0.03
"""of learning: dense, and of coefficients"""
BYTES_A_COEFFICIENT = 7
"""of a budget, for each that a tensor begins its training with, in scan order"""
FREQUENCIES = 3
"""of the channels, where a net is to be decoded narrower"""
FOR_WIDTHS = 1000
"""its budget in bytes"""
ALSO = ((4, 4, 4, 4), (4, 6, 8, 8))
"""widths that half of the training with frequencies sees"""
BATCH = 8


@dataclass(frozen=True)
class Run:
    """One network being compared on one set."""

    task: str
    parts: dict[str, Part]
    epochs: int
    seed: int

    @property
    def steps(self) -> int:
        """Of training with all epochs."""
        return self.epochs * -(-len(self.parts["train"]) // BATCH)

    def score(self, module: nn.Module, part: str) -> float:
        """Points."""
        return dice(module, self.parts[part])

    def dense(self, module: nn.Module, epochs: int, after_step: Callable[[], None] | None = None) -> float:
        """Train ordinary weights in place; returns the seconds."""
        return train(
            module, self.parts["train"], overlap_loss, epochs=epochs, rate=RATE, batch=BATCH, seed=self.seed,
            augment=lit, after_step=after_step, report=self.progress_line(module, epochs),
        )  # fmt: skip

    def spectral(self, module: nn.Module, budget: int) -> float:
        """Train the first frequencies of every tensor for a file of so many bytes; returns the seconds."""
        rules = counted(module, budget // BYTES_A_COEFFICIENT)
        return self.trained_for_bytes(module, budget, rules, overlap_loss)

    def narrowing(self, module: nn.Module, budget: int) -> float:
        """The same for decoding at other widths: low frequencies of channels, at several widths in turn."""
        return self.trained_for_bytes(
            module, budget, boxed(module, FREQUENCIES), at_widths(ALSO, self.seed, overlap_loss)
        )

    def trained_for_bytes(self, module: nn.Module, budget: int, rules: Sequence[Rule], loss: Loss) -> float:
        """Make the weights frequencies and train them for a file of so many bytes; returns the seconds."""
        training = regularize(module, rules=rules, budget=budget, steps=self.steps)
        return train(
            module, self.parts["train"], loss, epochs=self.epochs, rate=SPECTRAL_RATE, batch=BATCH, seed=self.seed,
            augment=lit, groups=training.parameter_groups(SPECTRAL_RATE), extra=lambda _: training.penalty(),
            after_step=training.step, report=self.progress_line(module, self.epochs, training.progress),
        )  # fmt: skip

    def progress_line(
        self, module: nn.Module, epochs: int, more: Callable[[], str] = str
    ) -> Callable[[int, float], str]:
        """A line now and then."""

        def line(epoch: int, loss: float) -> str:
            if (epoch + 1) % max(1, epochs // 6) and epoch + 1 < epochs:
                return ""
            points = self.score(module, "val")
            module.train()
            return f"epoch {epoch + 1}  loss {loss:.3f}  val {points:.2f}  {more()}"

        return line


def main() -> int:
    """Train, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train.unet", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="camvid_96x128.npz or stamps.npz")
    parser.add_argument("--epochs", type=int, default=60, help="of every network (default: 60)")
    parser.add_argument("--budgets", type=sizes, default=[1500, 800], help="bytes, by comma")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full-size", action="store_true", help="pictures as they are, not halved")
    arguments = parser.parse_args()
    seeded(arguments.seed)
    parts = read(arguments.data, not arguments.full_size)
    task = arguments.data.name.split("_")[0].removesuffix(".npz")
    run = Run(task, parts, arguments.epochs, arguments.seed)
    comparison = Comparison(run)
    comparison.dense_net()
    for budget in arguments.budgets:
        comparison.spectral(budget)
        comparison.narrow_for_bytes(budget)
    file = comparison.for_widths()
    decoded = narrow_decode.rows(file, WIDTHS, parts)
    show("Decoded narrower", [narrow_decode.text(row) for row in decoded])
    save(f"train_unet_{task}_widths", decoded)
    comparison.baselines(arguments.budgets)
    return 0


class Comparison:
    """The networks of a set, one after the other; results are written after each, since training takes long."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.dense: UNet
        self.rows: list[Measured] = []
        self.top = 0.0
        """points of the dense net"""

    def dense_net(self) -> None:
        """The net that the others are compared with."""
        self.dense = net(WIDTHS, self.run.seed)
        seconds = self.run.dense(self.dense, self.run.epochs)
        self.top = self.run.score(self.dense, "test")
        console.print(f"dense, float32: val {self.run.score(self.dense, 'val'):.2f}, test {self.top:.2f}")
        self.add("dense", "default quality", *shipped(self.dense), parameters(self.dense), seconds)

    def spectral(self, budget: int) -> None:
        """The same net as frequencies."""
        module = net(WIDTHS, self.run.seed)
        seconds = self.run.spectral(module, budget)
        self.add("spectral", f"budget {budget}", *shipped(module), parameters(module), seconds)

    def narrow_for_bytes(self, budget: int) -> None:
        """A narrow net with all of its frequencies, trained for as many bytes."""
        module = net(SMALL, self.run.seed)
        seconds = self.run.trained_for_bytes(module, budget, [Rule("weight", kept=1.0)], overlap_loss)
        setting = f"{'-'.join(map(str, SMALL))}, budget {budget}"
        self.add("narrow, for bytes", setting, *shipped(module), parameters(module), seconds)

    def for_widths(self) -> bytes:
        """The net as frequencies that is to be decoded at other widths; its file."""
        module = net(WIDTHS, self.run.seed)
        seconds = self.run.narrowing(module, FOR_WIDTHS)
        file, rebuilt = shipped(module)
        self.add("spectral, for widths", f"budget {FOR_WIDTHS}", file, rebuilt, parameters(module), seconds)
        return file

    def baselines(self, limits: Sequence[int]) -> None:
        """Narrow dense nets, and the dense net pruned, both coded into as many bytes."""
        run, tuning = self.run, max(1, round(TUNING * self.run.epochs))
        nets = [("-".join(map(str, widths)), partial(net, widths, run.seed)) for widths in NARROW]
        for one in narrow(nets, run.dense, run.epochs, run.score, limits):
            self.add("narrow", one.setting, one.data, one.module, one.parameters, one.seconds)
        for one in pruned(self.dense, KEPT_SHARES, run.dense, tuning, run.score, limits):
            self.add("pruned", one.setting, one.data, one.module, one.parameters, one.seconds, tuning)

    def add(
        self, method: str, setting: str, data: bytes, rebuilt: nn.Module, count: int, seconds: float, more: int = 0
    ) -> None:
        """A row of what a file decodes to, after `more` epochs than the others; and the results so far."""
        run, (test, val) = self.run, (self.run.score(rebuilt, part) for part in ("test", "val"))
        epochs = run.epochs + more
        self.rows.append(
            Measured(run.task, method, setting, len(data), test, val, self.top, count, epochs, round(seconds, 1))
        )
        title = f"U-Net {'-'.join(map(str, WIDTHS))}, {run.task}: Dice"
        publish(f"unet_{run.task}", title, "Dice on the test pictures", self.rows)


def counted(module: nn.Module, count: int) -> list[Rule]:
    """Of every tensor the first frequencies in scan order."""
    sizes = {name: min(count, weight.numel()) for name, weight in module.named_parameters()}
    return [Rule(f"^{re.escape(name)}$", kept=size) for name, size in sizes.items()]


def boxed(module: nn.Module, frequencies: int) -> list[Rule]:
    """Of every tensor the lowest frequencies of channels, and all of the kernels'."""
    boxes = {
        name: tuple(min(n, limit) for n, limit in zip(weight.shape, (frequencies, frequencies, 3, 3), strict=True))
        for name, weight in module.named_parameters()
    }
    return [Rule(f"^{re.escape(name)}$", kept=box) for name, box in boxes.items()]


def net(widths: tuple[int, ...], seed: int) -> UNet:
    """A net with weights of its seed."""
    torch.manual_seed(seed)
    return UNet(widths)


if __name__ == "__main__":
    sys.exit(main())
