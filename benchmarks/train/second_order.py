"""Rounding coefficients so that the network's output stays: errors that the output would show make up for each other.

    D(v) = mean over pixels of KL(p | p'), of the mask's probabilities before and after, no labels
    D(v + d) ~ D(v) + g·d + d·H·d / 2,  H = mean of p (1 - p) · grad l · (grad l)',  l a pixel's logit

H is estimated by products with random signs. Its spectrum falls off fast: most directions of the coefficients hardly
matter. Integers are chosen by descent on the quadratic plus the bits they cost, one coefficient at a time; then again
around what was found, with the true gradient, as long as the true divergence falls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks.common import console
from benchmarks.train.published_net import Synthesis, logits

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]

MOVES = (-2, -1, 1, 2)
_LONGEST = 400
"""magnitudes are priced alike from here on"""


@dataclass(frozen=True)
class View:
    """A picture and what the network of the published coefficients says of it."""

    inputs: Tensor
    target: Tensor
    """logits"""


@dataclass
class Points:
    """Integers of all coefficients, and the step of each."""

    values: Ints
    steps: Reals

    @property
    def coefficients(self) -> Reals:
        """What they stand for."""
        return self.values * self.steps


class Distortion:
    """Divergence of the mask's probabilities from those of the published coefficients, over some views."""

    def __init__(self, synthesis: Synthesis, published: Reals) -> None:
        self._synthesis = synthesis
        self._published = torch.tensor(published, dtype=torch.float32)

    def view(self, inputs: Tensor) -> View:
        """A picture as it should come out."""
        with torch.no_grad():
            return View(inputs, logits(self._synthesis(self._published), inputs))

    def at(self, coefficients: Reals, views: Sequence[View]) -> tuple[float, Reals]:
        """Mean divergence of a pixel in nats, and its gradient [n]."""
        values = torch.tensor(coefficients, dtype=torch.float32, requires_grad=True)
        total = 0.0
        for view in views:
            found, wanted = logits(self._synthesis(values), view.inputs), torch.sigmoid(view.target)
            entropy = functional.binary_cross_entropy_with_logits(view.target, wanted)
            divergence = (functional.binary_cross_entropy_with_logits(found, wanted) - entropy) / len(views)
            divergence.backward()  # type: ignore[no-untyped-call]
            total += float(divergence.detach())
        assert values.grad is not None
        return total, values.grad.numpy().astype(np.float64)

    def curvature(self, views: Sequence[View], probes: int, seed: int) -> Reals:
        """H [n, n] at the published coefficients, from `probes` products with random signs for each view."""
        chance = torch.Generator().manual_seed(seed)
        values = self._published.clone().requires_grad_(True)
        rows = []
        for view in views:
            found, share = logits(self._synthesis(values), view.inputs), torch.sigmoid(view.target)
            weighted = (share * (1 - share)).sqrt() * found / math.sqrt(found.numel())
            for _ in range(probes):
                signs = 2 * torch.randint(0, 2, found.shape, generator=chance) - 1
                (gradient,) = torch.autograd.grad((signs * weighted).sum(), values, retain_graph=True)
                rows.append(gradient.numpy().astype(np.float64))
        found_rows = np.array(rows)
        return found_rows.T @ found_rows / len(rows)


def shrunk(curvature: Reals, share: float) -> Reals:
    """A part of what is beside the diagonal taken away: little of it is known from few probes."""
    return (1 - share) * curvature + share * np.diag(np.diag(curvature))


def prices(values: Ints) -> Reals:
    """Bits of a magnitude 0 … `_LONGEST`, by the share of zeros and the mean of the others: a static model."""
    nonzero = np.abs(values[values != 0])
    zeros = (values.size - nonzero.size + 1) / (values.size + 2)
    scale = max(0.3, float(nonzero.mean()) - 0.5 if nonzero.size else 0.3)
    tail = np.exp(-np.arange(1, _LONGEST + 1) / scale)
    shares: Reals = np.concatenate([[zeros], tail / tail.sum() * (1 - zeros) / 2])
    return -np.log2(shares + 1e-12)


def bits(values: Ints, price: Reals) -> Reals:
    """Of every level."""
    return price[np.minimum(np.abs(values), _LONGEST)]


def descended(start: Points, gradient: Reals, curvature: Reals, weight: float) -> Points:
    """Where moves of single points no longer lower the quadratic model + weight · bits.

    `gradient` [n] is that of the model at the start.
    """
    values, steps, slope = start.values.copy(), start.steps, gradient.copy()
    price, diagonal = prices(values), np.diag(curvature)

    def gain(moves: Ints) -> Reals:
        change = steps * moves
        return change * slope + change**2 * diagonal / 2 + weight * (bits(values + moves, price) - bits(values, price))

    for _ in range(10 * values.size):
        trials = [*(np.full_like(values, move) for move in MOVES), -values]
        gains = np.array([gain(moves) for moves in trials])
        which, place = np.unravel_index(int(gains.argmin()), gains.shape)
        if gains[which, place] > -1e-12:
            break
        move = trials[which][place]
        values[place] += move
        slope += curvature[:, place] * (steps[place] * move)
    return Points(values, steps)


def rounded(published: Reals, steps: Reals, curvature: Reals, weight: float, rounds: int = 4) -> Points:
    """Points near the published coefficients, by the quadratic model around these."""
    points = Points(np.rint(published / steps).astype(np.int64), steps)
    for _ in range(rounds):  # prices follow the points
        points = descended(points, curvature @ (points.coefficients - published), curvature, weight)
    return points


def refined(
    points: Points, distortion: Distortion, views: Sequence[View], curvature: Reals, weight: float, rounds: int
) -> Points:
    """Points of less true divergence + weight · bits: the model around them is trusted as far as it proves right."""
    damping = 0.6
    divergence, gradient = distortion.at(points.coefficients, views)
    for number in range(rounds):
        price = prices(points.values)
        damped = curvature + damping * np.diag(np.diag(curvature))
        trial = descended(points, gradient, damped, weight)
        if np.array_equal(trial.values, points.values):
            break
        found, slope = distortion.at(trial.coefficients, views)
        better = (
            found + weight * bits(trial.values, price).sum() < divergence + weight * bits(points.values, price).sum()
        )
        console.print(f"  round {number + 1}: divergence {found:.5f}, {'kept' if better else 'dropped'}", style="dim")
        if found < 3 * divergence:
            curvature = updated(curvature, trial.coefficients - points.coefficients, slope - gradient)
        if better:
            points, divergence, gradient = trial, found, slope
        damping = max(0.03, 0.6 * damping) if better else 3 * damping
    return points


def updated(curvature: Reals, move: Reals, change: Reals) -> Reals:
    """The curvature that explains how the gradient changed over a move, kept positive (damped BFGS, Powell 1978)."""
    along = curvature @ move
    expected, seen = float(move @ along), float(move @ change)
    if seen < 0.2 * expected:
        share = 0.8 * expected / (expected - seen)
        change = share * change + (1 - share) * along
    return curvature + np.outer(change, change) / float(move @ change) - np.outer(along, along) / expected
