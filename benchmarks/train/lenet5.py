"""LeNet5 on MNIST in a few hundred bytes: `python -m benchmarks.train.lenet5 --data FILE`.

FILE is `mnist.npz` or `fashion_mnist.npz` of the evaluation suite: arrays xtr, xte [n, 28, 28] uint8 and ytr, yte [n].
The net of Caffe's example (20-50-500-10) is trained dense; all others learn its answers to the training pictures: the
same net as frequencies for several budgets, and, coded by our codec into as many bytes, narrow dense nets and the dense
net pruned. Every score is of what a file decodes to. Settings are chosen on the last 5,000 training pictures, which no
network is trained on; results are of the test set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.common import console
from benchmarks.train.baselines import Found, narrow, pruned
from benchmarks.train.common import Measured, Part, accuracy, parameters, publish, seeded, shipped, sizes, train
from frcodec.train import distillation_loss, regularize

WIDTHS = (20, 50, 500)
NARROW = ((2, 4, 6), (3, 5, 8), (4, 6, 10), (5, 8, 12))
"""widths of the narrow dense nets"""
KEPT_SHARES = (0.0005, 0.001, 0.002)
"""of the dense net's weights, by pruning"""
DENSE_EPOCHS = 6
"""of the dense network, and of it after pruning"""
RATE, SPECTRAL_RATE = 2e-3, 0.06
"""of learning: dense, and of coefficients"""
TEMPERATURE = 3.0
"""of distillation"""
SHIFT = 2
"""pixels by which pictures are moved at most in the training of the dense net"""
BATCH = 128
HELD_BACK = 5000
"""training pictures for choosing"""
MEAN, SPREAD = 0.1307, 0.3081
"""of MNIST's pixels, 0 ... 1"""


class LeNet5(nn.Module):
    """LeNet5 as in Caffe's example, with norms that store nothing in place of biases.

    Pictures [n, 1, 28, 28] give logits [n, 10].
    """

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        """With so many maps of the convolutions and units of the hidden layer."""
        super().__init__()
        first, second, hidden = widths
        self.conv1 = nn.Conv2d(1, first, 5, bias=False)
        self.conv2 = nn.Conv2d(first, second, 5, bias=False)
        self.fc1 = nn.Conv2d(second, hidden, 4, bias=False)  # of all that is left of the maps
        self.fc2 = nn.Linear(hidden, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = x.reshape(-1, 28, 28, 1).permute(0, 3, 1, 2)  # channels last, so that pooling is fast
        x = normed(functional.max_pool2d(self.conv1(x), 2))
        x = normed(functional.max_pool2d(self.conv2(x), 2))
        return self.fc2(normed(self.fc1(x)).flatten(1))  # type: ignore[no-any-return]


def normed(x: Tensor) -> Tensor:
    """The positive part of each example's values, their mean subtracted and divided by their deviation."""
    return functional.relu(functional.group_norm(x, 1))


@dataclass(frozen=True)
class Run:
    """One set and one seed."""

    task: str
    parts: dict[str, Part]
    """train, val and test with digits; taught, the pictures of train with the dense net's logits"""
    epochs: int
    """of every network but the dense one"""
    seed: int

    def score(self, module: nn.Module, part: str) -> float:
        """Percent of a part that are recognized."""
        return accuracy(module, self.parts[part])

    def dense(self, module: nn.Module) -> float:
        """Train ordinary weights in place, with the digits; returns the seconds."""
        return train(
            module, self.parts["train"], loss, epochs=DENSE_EPOCHS, rate=RATE, batch=BATCH, seed=self.seed,
            augment=moved,
        )  # fmt: skip

    def taught(self, module: nn.Module, epochs: int, after_step: Callable[[], None] | None = None) -> float:
        """Train ordinary weights in place, with the dense net's answers; returns the seconds."""
        return train(
            module, self.parts["taught"], distilled, epochs=epochs, rate=RATE, batch=BATCH, seed=self.seed,
            after_step=after_step,
        )  # fmt: skip

    def spectral(self, module: nn.Module, budget: int) -> float:
        """Make the weights frequencies and train them for a file of so many bytes; returns the seconds."""
        epochs, part = self.epochs, self.parts["taught"]
        training = regularize(module, budget=budget, steps=epochs * -(-len(part) // BATCH))

        def report(epoch: int, mean: float) -> str:
            if (epoch + 1) % max(1, epochs // 8) and epoch + 1 < epochs:
                return ""
            points = self.score(module, "val")
            module.train()
            return f"epoch {epoch + 1}  loss {mean:.3f}  val {points:.2f}  {training.progress()}"

        return train(
            module, part, distilled, epochs=epochs, rate=SPECTRAL_RATE, batch=BATCH, seed=self.seed,
            groups=training.parameter_groups(SPECTRAL_RATE), extra=lambda _: training.penalty(),
            after_step=training.step, report=report,
        )  # fmt: skip


def main() -> int:
    """Train, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train.lenet5", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="mnist.npz or fashion_mnist.npz")
    parser.add_argument("--budgets", type=sizes, default=[1500, 1000, 600, 400], help="bytes, by comma")
    parser.add_argument("--epochs", type=int, default=16, help="of every network but the dense one (default: 16)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    seeded(arguments.seed, arguments.threads)
    run = Run(arguments.data.stem, read(arguments.data), arguments.epochs, arguments.seed)
    rows = compared(run, arguments.budgets)
    publish(f"lenet5_{run.task}", f"LeNet5 {'-'.join(map(str, WIDTHS))}, {run.task}", "percent recognized", rows)
    return 0


def compared(run: Run, budgets: Sequence[int]) -> list[Measured]:
    """All networks of a set."""
    dense = net(WIDTHS, run.seed)
    seconds = run.dense(dense)
    top = run.score(dense, "test")
    console.print(f"dense: val {run.score(dense, 'val'):.2f}, test {top:.2f}  {seconds:.0f} s")
    run.parts["taught"] = answered(dense, run.parts["train"])
    data, rebuilt = shipped(dense)
    made = partial(row, run, top)
    rows = [made("dense", "default quality", data, rebuilt, parameters(dense), DENSE_EPOCHS, seconds)]
    for budget in budgets:
        module = net(WIDTHS, run.seed)
        seconds = run.spectral(module, budget)
        data, rebuilt = shipped(module)
        rows.append(made("spectral", f"budget {budget}", data, rebuilt, parameters(module), run.epochs, seconds))
        console.print(f"spectral: {rows[-1]}")
    limits = [max(budget, ours.file_bytes) for budget, ours in zip(budgets, rows[1:], strict=True)]
    nets = [("-".join(map(str, widths)), partial(net, widths, run.seed)) for widths in NARROW]
    for found in narrow(nets, run.taught, run.epochs, run.score, limits):
        rows.append(of_found(made, "narrow", found, run.epochs))
    for found in pruned(dense, KEPT_SHARES, run.taught, DENSE_EPOCHS, run.score, limits):
        rows.append(of_found(made, "pruned", found, 2 * DENSE_EPOCHS))
    return rows


def net(widths: tuple[int, int, int], seed: int) -> LeNet5:
    """A net with weights of its seed."""
    torch.manual_seed(seed)
    return LeNet5(widths)


def loss(module: nn.Module, pictures: Tensor, digits: Tensor) -> Tensor:
    """Cross-entropy."""
    return functional.cross_entropy(fast(module, pictures), digits)


def distilled(module: nn.Module, pictures: Tensor, logits: Tensor) -> Tensor:
    """Divergence from a teacher's softened answers."""
    return distillation_loss(fast(module, pictures), logits, TEMPERATURE)


def fast(module: nn.Module, pictures: Tensor) -> Tensor:
    """Logits; layers compute in bfloat16, which is twice as fast where the processor knows it."""
    with torch.autocast(pictures.device.type, torch.bfloat16):
        logits: Tensor = module(pictures)
    return logits.float()


def moved(pictures: Tensor, digits: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """A minibatch moved by a few pixels."""
    down, right = torch.randint(-SHIFT, SHIFT + 1, (2,), generator=chance).tolist()
    return pictures.roll((down, right), (2, 3)), digits


@torch.no_grad()
def answered(teacher: nn.Module, pictures: Part) -> Part:
    """Pictures with a teacher's logits in place of their digits."""
    teacher.eval()
    return Part(pictures.inputs, torch.cat([teacher(x) for x, _ in pictures.split(500)]))


def read(path: Path) -> dict[str, Part]:
    """Parts train, val and test."""
    with np.load(path, allow_pickle=False) as arrays:
        return {
            "train": part(arrays["xtr"][:-HELD_BACK], arrays["ytr"][:-HELD_BACK]),
            "val": part(arrays["xtr"][-HELD_BACK:], arrays["ytr"][-HELD_BACK:]),
            "test": part(arrays["xte"], arrays["yte"]),
        }


def part(pictures: np.ndarray, digits: np.ndarray) -> Part:
    """Pictures [n, 28, 28] uint8 as inputs."""
    x = torch.from_numpy(pictures)[:, None].float() / 255
    return Part((x - MEAN) / SPREAD, torch.from_numpy(digits).long())


def row(
    run: Run,
    top: float,
    method: str,
    setting: str,
    data: bytes,
    module: nn.Module,
    count: int,
    epochs: int,
    seconds: float,
) -> Measured:
    """What a file is worth."""
    return Measured(
        run.task,
        method,
        setting,
        len(data),
        run.score(module, "test"),
        run.score(module, "val"),
        top,
        count,
        epochs,
        seconds,
    )


def of_found(made: Callable[..., Measured], method: str, found: Found, epochs: int) -> Measured:
    """The row of a baseline."""
    return made(method, found.setting, found.data, found.module, found.parameters, epochs, found.seconds)


if __name__ == "__main__":
    sys.exit(main())
