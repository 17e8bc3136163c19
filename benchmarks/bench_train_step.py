"""What a training step costs as frequencies: a U-Net of 31 M weights, 33 coefficients a tensor, against the dense one.

Processor time on one thread of forward, backward and Adam, the rate in the loss included; medians of several steps,
the two networks taking turns. A small U-Net is beside it, whose weights are hardly more than its coefficients.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import save, show, verdict
from benchmarks.train.segmentation import UNet, overlap_loss
from frcodec.train import Regularization, Rule, regularize

BAR = 1.3
"""times the dense step, at most"""
KEPT = 33
BEGINNING = 50
"""steps of a training in which files are made oftener than later; not timed"""
CASES = {
    "31 M weights": ((64, 128, 256, 512, 1024), 1, (96, 128), 25),
    "120 k weights": ((8, 16, 32, 64), 8, (48, 64), 100),
}
"""widths, batch, picture, steps"""


def main() -> int:
    """Measure, print and save."""
    torch.set_num_threads(1)
    rows = [measured(name, *case) for name, case in CASES.items()]
    show("A training step", [{key: str(value) for key, value in row.items()} for row in rows])
    save("train_step", rows)
    passed = rows[0]["times_dense"] <= BAR
    show("The large network", [{"bar": f"{BAR} x", "found": f"{rows[0]['times_dense']} x", "met": verdict(passed)}])
    return 0 if passed else 1


def measured(name: str, widths: tuple[int, ...], batch: int, size: tuple[int, int], steps: int) -> dict[str, Any]:
    """Medians of both networks' steps."""
    torch.manual_seed(0)
    dense, spectral = UNet(widths), UNet(widths)
    training = regularize(spectral, rules=[Rule(".", kept=KEPT)], rate_weight=1e-6, steps=2000)
    for _ in range(BEGINNING):
        training.step()
    pictures, masks = torch.rand(batch, 3, *size), (torch.rand(batch, *size) > 0.5).float()
    adams = torch.optim.Adam(dense.parameters()), torch.optim.Adam(training.parameter_groups(0.01))
    times: tuple[list[float], list[float]] = [], []
    for _ in range(steps):
        times[0].append(step(dense, adams[0], None, pictures, masks))
        times[1].append(step(spectral, adams[1], training, pictures, masks))
    # the mean of the regularized steps: every 25th makes a file
    one, other = statistics.median(times[0]), statistics.mean(times[1][1:])
    return {
        "network": name,
        "batch": batch,
        "dense_seconds": round(one, 4),
        "spectral_seconds": round(other, 4),
        "median_spectral_seconds": round(statistics.median(times[1]), 4),
        "times_dense": round(other / one, 2),
    }


def step(
    net: UNet, adam: torch.optim.Optimizer, training: Regularization | None, pictures: Tensor, masks: Tensor
) -> float:
    """Processor seconds of one step."""
    start = time.process_time()
    loss = overlap_loss(net, pictures, masks)
    adam.zero_grad()
    (loss + training.penalty() if training else loss).backward()  # type: ignore[no-untyped-call]
    adam.step()
    if training:
        training.step()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
