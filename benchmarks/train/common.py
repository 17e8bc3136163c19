"""Shared code of the training runs: seeds, minibatches, training loop, scores, files and results."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from benchmarks.common import console, save, show
from benchmarks.train.plot import Point, drawn, write
from frcodec import Options, load_model, save_model
from frcodec.train import dense

Loss: TypeAlias = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""of a module, inputs and targets"""
Extra: TypeAlias = Callable[[float], Tensor]
"""a term of the loss; its argument is the completed share of the training, 0 … 1"""
Score: TypeAlias = Callable[[nn.Module, str], float]
"""points of a module, 0 … 100, on "val" or "test" """

WARM_UP = 50
"""steps in which the learning rate rises"""
LAST_RATE = 0.02
"""of the learning rate, at the end of a cosine"""


@dataclass(frozen=True)
class Part:
    """A part of a set."""

    inputs: Tensor
    """[n, ...] float32"""
    targets: Tensor
    """[n, ...]"""

    def __len__(self) -> int:
        return len(self.inputs)

    def split(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs and targets of `size` items at a time."""
        for start in range(0, len(self), size):
            yield self.inputs[start : start + size], self.targets[start : start + size]


@dataclass(frozen=True)
class Measured:
    """One file of one network: a row of the results."""

    task: str
    method: str
    """dense, spectral, narrow, pruned, …"""
    setting: str
    file_bytes: int
    """the whole file"""
    score: float
    """points on the test part, of the weights that the file decodes to"""
    chosen_by: float
    """points on the part by which settings are chosen"""
    dense_score: float
    """points of the dense network on the test part, in float32"""
    parameters: int
    epochs: int
    seconds: float
    """of training, processor time"""

    @property
    def points(self) -> float:
        """Won or lost against the dense network."""
        return self.score - self.dense_score


def sizes(text: str) -> list[int]:
    """Comma-separated numbers of bytes."""
    return [int(part) for part in text.split(",")]


def seeded(seed: int, threads: int = 1) -> None:
    """Seed the generators and fix the number of threads, on which sums depend."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)


def batches(count: int, size: int, seed: int, epoch: int) -> Iterator[Tensor]:
    """Indices [size] of an epoch's minibatches; they depend on seed and epoch alone."""
    order = torch.randperm(count, generator=generator(seed, epoch))
    yield from (order[start : start + size] for start in range(0, count, size))


def generator(seed: int, epoch: int) -> torch.Generator:
    """The random generator of an epoch."""
    return torch.Generator().manual_seed(seed * 100_003 + epoch)


def train(
    module: nn.Module,
    part: Part,
    loss: Loss,
    *,
    epochs: int,
    rate: float,
    batch: int,
    seed: int,
    augment: Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]] | None = None,
    groups: Sequence[dict[str, Any]] | None = None,
    extra: Extra | None = None,
    after_step: Callable[[], None] | None = None,
    report: Callable[[int, float], str] | None = None,
) -> float:
    """Train in place with Adam and a cosine; returns the seconds of processor time.

    `groups` are parameter groups instead of all parameters at one rate; `extra` is added to the loss; `after_step` is
    called when the parameters have changed; `report` makes a line of an epoch and its mean loss.
    """
    start, steps, done = time.process_time(), epochs * math.ceil(len(part) / batch), 0
    optimizer = torch.optim.Adam(list(groups or [{"params": list(module.parameters())}]), lr=rate, betas=(0.9, 0.99))
    rates = [group["lr"] for group in optimizer.param_groups]
    module.train()
    for epoch in range(epochs):
        total, chance = 0.0, generator(seed + 1, epoch)
        for chosen in batches(len(part), batch, seed, epoch):
            for group, highest in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = highest * cosine(done, steps)
            inputs, targets = part.inputs[chosen], part.targets[chosen]
            if augment:
                inputs, targets = augment(inputs, targets, chance)
            task = loss(module, inputs, targets)
            optimizer.zero_grad()
            (task + extra(done / steps) if extra else task).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if after_step:
                after_step()
            done, total = done + 1, total + float(task.detach()) * len(chosen)
        if report and (line := report(epoch, total / len(part))):
            console.print(f"{line}  {time.process_time() - start:.0f} s", style="dim")
    module.eval()
    return time.process_time() - start


def cosine(step: int, steps: int) -> float:
    """Factor of the learning rate: a short warm-up, then half a cosine down to `LAST_RATE`."""
    fall = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
    return min(1.0, (step + 1) / WARM_UP) * fall


def parameters(module: nn.Module) -> int:
    """Number of trained parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def shipped(module: nn.Module, options: Options | None = None) -> tuple[bytes, nn.Module]:
    """The .frc file of a module, and a copy of the module with the decoded weights as ordinary parameters."""
    file = BytesIO()
    save_model(module, file, options=options, threads=1)
    rebuilt = dense(module)
    load_model(rebuilt, BytesIO(file.getvalue()))
    return file.getvalue(), rebuilt


@torch.no_grad()
def dice(module: nn.Module, part: Part, batch: int = 32) -> float:
    """Points of overlap, 100 · 2|A∩B| / (|A|+|B|) pooled over all pictures; the module gives logits of a mask."""
    module.eval()
    both = either = 0.0
    for inputs, truth in part.split(batch):
        found = (module(inputs) > 0).float()
        both += float((found * truth).sum())
        either += float(found.sum() + truth.sum())
    return 100 * 2 * both / max(either, 1.0)


@torch.no_grad()
def accuracy(module: nn.Module, part: Part, batch: int = 256) -> float:
    """Percent of items whose largest logit is that of their class."""
    module.eval()
    return 100 * sum(float((module(x).argmax(1) == y).sum()) for x, y in part.split(batch)) / len(part)


def publish(name: str, title: str, unit: str, rows: Sequence[Measured]) -> None:
    """Print the rows, and write `results/train_NAME.csv` and the picture `results/train_NAME.svg`."""
    show(title, [text(row) for row in rows])
    save(f"train_{name}", [record(row) for row in rows])
    points = [Point(row.method, row.file_bytes, row.score) for row in rows if row.method != "dense"]
    if points:
        write(f"train_{name}", drawn(title, unit, points, dense=rows[0].dense_score))


def record(row: Measured) -> dict[str, str | int | float]:
    """A row for the results file."""
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(row).items()}
    return {**rounded, "points": round(row.points, 3), "threads": int(os.environ.get("OMP_NUM_THREADS", "1"))}


def text(row: Measured) -> dict[str, str]:
    """A row formatted as text."""
    return {
        "method": row.method,
        "setting": row.setting,
        "bytes": f"{row.file_bytes:,}",
        "score": f"{row.score:.2f}",
        "points": f"{row.points:+.2f}",
        "parameters": f"{row.parameters:,}",
        "epochs": f"{row.epochs}",
        "seconds": f"{row.seconds:.0f}",
    }
