"""The published frequency-regularized U-Net in fewer bytes: `python -m benchmarks.train.published_unet --data FOLDER`.

FOLDER holds `unet_fr.pt` as its authors publish it (23 sparse tensors, 759 coefficients in all), `images/in*.png` and
`masks/gt*.png`. The network is decoded 16 channels wide everywhere, where it finds about as much as at full width with
1/50 of the multiply-adds. Points are chosen by what they do to the output on every second picture, without its mask.
The masks of these say which file is picked: the smallest that loses at most 0.002 of Dice. The other pictures are only
scored. Every score is of the weights that the file decodes to.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks.common import Row, console, save, show, verdict
from benchmarks.train.common import seeded
from benchmarks.train.published_net import Picture, Synthesis, channels, dice, lasting, multiply_adds, pictures, rises
from benchmarks.train.second_order import Distortion, Points, Reals, refined, rounded, shrunk
from frcodec import open_file
from frcodec.api import save_entries
from frcodec.formats.read import read_sparse
from frcodec.stages.spectral import DctTensor
from frcodec.stages.steps import code_near, step_of
from frcodec.widths import declare, validate

Number = TypeVar("Number", np.int64, np.float64)
WIDTH = 16
BAR, DREAM = 900, 780
"""bytes of the whole file"""
LOSS = 0.002
"""of Dice against the published coefficients, at most"""
PLAIN = (0.125, 0.25)
"""steps that are the same for all tensors"""
FINENESS = (0.04, 0.05, 0.06)
"""steps of a tensor, in the square root of what a step of 1 would do to the output"""
BIT = 1e-5
"""nats of divergence a pixel that one bit is worth"""
VIEWS, PROBES, SHRINKAGE = 64, 32, 0.25
"""of the curvature: ways to look at the pictures, products with random signs for each, trust in the diagonal"""
REFINED_BY, ROUNDS = 20, 6
"""views besides the pictures themselves, and rounds of descent, for the coarsest steps"""


@dataclass(frozen=True)
class Network:
    """The published network at the width that it is tried at."""

    tensors: Sequence[DctTensor]
    synthesis: Synthesis

    @property
    def coefficients(self) -> Reals:
        """Of all tensors, one after the other [n]."""
        return np.concatenate([entry.coefficients for entry in self.tensors])

    def spread(self, values: Sequence[float]) -> Reals:
        """A value for every tensor -> for every coefficient."""
        return np.repeat(values, self.synthesis.counts)

    def parts(self, values: NDArray[Number]) -> list[NDArray[Number]]:
        """A value for every coefficient -> by tensor."""
        return np.split(values, np.cumsum(self.synthesis.counts)[:-1])

    def file(self, points: Points) -> bytes:
        """The .frc file of these points."""
        entries = []
        for entry, values, steps in zip(self.tensors, self.parts(points.values), self.parts(points.steps), strict=True):
            code = code_near(float(steps[0]))
            entries.append(
                DctTensor(entry.name, entry.dtype, entry.shape, b"", entry.transform, entry.region,
                         np.asarray(values * step_of(code), np.float64), code)
            )  # fmt: skip
        out = BytesIO()
        save_entries(entries, (), out, options=None, force=False, threads=1, metadata=None, progress=None)
        return out.getvalue()


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    data: Path = parser.parse_args().data
    seeded(0)
    shots = pictures(data)
    chosen, others = shots[::2], shots[1::2]
    network = published(data / "unet_fr.pt")
    rows = Rows(network, chosen, others)
    for step in PLAIN:
        steps = network.spread([step] * len(network.tensors))
        rows.add("one step", f"{step:g}", Points(np.rint(network.coefficients / steps).astype(np.int64), steps))
    distortion = Distortion(network.synthesis, network.coefficients)
    views = [distortion.view(altered(chosen[i % len(chosen)].inputs, seed=i)) for i in range(VIEWS)]
    curvature = distortion.curvature(views, PROBES, seed=1)
    views = [*(distortion.view(picture.inputs) for picture in chosen), *views[:REFINED_BY]]
    model = shrunk(curvature, SHRINKAGE)
    for fineness in FINENESS:
        steps = network.spread(steps_of(network, curvature, fineness))
        nearest = Points(np.rint(network.coefficients / steps).astype(np.int64), steps)
        rows.add("steps by sensitivity", f"{fineness:g}", scaled(network, nearest))
        points = rounded(network.coefficients, steps, model, BIT)
        rows.add("errors that make up for each other", f"{fineness:g}", scaled(network, points))
    points = refined(points, distortion, views, model, BIT, ROUNDS)
    rows.add("the same, by the true divergence", f"{FINENESS[-1]:g}", scaled(network, points))
    picked = rows.picked()
    save("published_unet", [{**row, "picked": "yes" if row is picked else "no"} for row in rows.found])
    console.print(f"Picked: {picked['file_bytes']} bytes, Dice on the other pictures {picked['dice_others']}")
    return 0 if picked["pass"] == "yes" else 1


def published(path: Path) -> Network:
    """The authors' file, to be computed `WIDTH` channels wide."""
    tensors = read_sparse(path)
    shapes = {}
    for entry in tensors:
        shape = list(entry.shape)
        for axis, channel in channels(tensors)[entry.name].items():
            full = tensors[0].shape[0] << channel.group
            shape[axis] = min(WIDTH, full) * (entry.shape[axis] // full)
        shapes[entry.name] = tuple(shape)
    return Network(tensors, Synthesis(tensors, shapes))


def altered(inputs: Tensor, seed: int) -> Tensor:
    """A picture made smaller, mirrored or not, a little cut, in another light: 0.4 to 0.75 times its size."""
    chance = np.random.default_rng(seed)
    height, width = inputs.shape[2:]
    size, cut = chance.uniform(0.4, 0.75), [int(n * chance.uniform(0.8, 1)) for n in (height, width)]
    y, x = chance.integers(0, height + 1 - cut[0]), chance.integers(0, width + 1 - cut[1])
    part = inputs[:, :, y : y + cut[0], x : x + cut[1]]
    part = functional.interpolate(part, size=[32 * round(n * size / 32) for n in cut], mode="area")
    if chance.random() < 0.5:
        part = part.flip(3)
    colour = np.exp(0.12 * chance.normal() + 0.08 * chance.normal(size=3))
    lit = part ** float(np.exp(0.25 * chance.normal())) * torch.tensor(colour, dtype=torch.float32)[None, :, None, None]
    return lasting(lit.clamp(0, 1))


def steps_of(network: Network, curvature: Reals, fineness: float) -> list[float]:
    """A step for every tensor, by the mean curvature of its coefficients; a power of two where the scale matters."""
    steps = [fineness / math.sqrt(own.mean()) for own in network.parts(np.diag(curvature))]
    return [
        step if normalized(entry.name) else 2.0 ** round(math.log2(step))
        for entry, step in zip(network.tensors, steps, strict=True)
    ]


def scaled(network: Network, points: Points) -> Points:
    """The same points; all tensors before a norm, which undoes it, get the same step, so that the file is smaller."""
    steps = [float(own[0]) for own in network.parts(points.steps)]
    free = [normalized(entry.name) for entry in network.tensors]
    common = 2.0 ** round(math.log2(np.median([step for step, is_free in zip(steps, free, strict=True) if is_free])))
    return Points(
        points.values, network.spread([common if f else step for step, f in zip(steps, free, strict=True)])
    )  # fmt: skip


def normalized(name: str) -> bool:
    """Whether a norm follows: not behind a transposed convolution, nor at the end."""
    return not rises(name) and not name.startswith("outc")


class Rows:
    """What was found, one row a file."""

    def __init__(self, network: Network, chosen: Sequence[Picture], others: Sequence[Picture]) -> None:
        self.found: list[Row] = []
        self._network = network
        self._sets = {"chosen_on": chosen, "others": others}
        values = torch.tensor(network.coefficients, dtype=torch.float32)
        self._published = {name: mean_dice(network.synthesis(values), shots) for name, shots in self._sets.items()}

    def add(self, method: str, setting: str, points: Points) -> None:
        """Write the file, decode it at the width, and score it."""
        file = self._network.file(points)
        with_axes = declare(file, channels(self._network.tensors))
        with open_file(with_axes, width=WIDTH, allow_unvalidated=True) as opened:
            weights = {name: torch.tensor(opened[name]) for name in opened}
        scores = {name: mean_dice(weights, shots) for name, shots in self._sets.items()}
        cost = multiply_adds(weights, *self._sets["others"][0].mask.shape)
        narrow = validate(
            with_axes, [WIDTH], lambda opened: f"{scores['chosen_on']:.3f}", lambda opened: cost, label="Dice"
        )
        loss = max(self._published[name] - score for name, score in scores.items())
        row: Row = {
            "method": method,
            "setting": setting,
            "file_bytes": len(file),
            "file_bytes_with_width": len(narrow),
            **{f"dice_{name}": round(score, 4) for name, score in scores.items()},
            **{f"published_{name}": round(score, 4) for name, score in self._published.items()},
            "width": WIDTH,
            "parameters": sum(weight.numel() for weight in weights.values()),
            "multiply_adds": cost,
            "pass": "yes" if len(file) <= BAR and loss <= LOSS else "no",
            "dream": "yes" if len(file) <= DREAM and loss <= LOSS else "no",
        }
        self.found.append(row)
        table = {
            "step": setting,
            "bytes": f"{len(file):,}",
            "with a width": f"{len(narrow):,}",
            **{f"Dice {name}": f"{100 * score:.2f}" for name, score in scores.items()},
            **{f"published {name}": f"{100 * score:.2f}" for name, score in self._published.items()},
            "met": verdict(row["pass"] == "yes"),
        }
        show(method, [table])

    def picked(self) -> Row:
        """The smallest file that finds as much on the pictures for choosing, or the one that finds most."""
        scores = [float(row["dice_chosen_on"] or 0) for row in self.found]
        least = min(self._published["chosen_on"] - LOSS, max(scores))
        good = [row for row, score in zip(self.found, scores, strict=True) if score >= least]
        return min(good, key=lambda row: int(row["file_bytes"] or 0))


def mean_dice(weights: Mapping[str, Tensor], shots: Sequence[Picture]) -> float:
    """Of pictures, each counting alike."""
    return float(np.mean([dice(weights, picture) for picture in shots]))


if __name__ == "__main__":
    sys.exit(main())
