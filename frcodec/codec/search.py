"""The one step for all tensors that gives a model the signal-to-noise ratio asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import numpy as np

from ..allocate import decided
from ..plan import Treatment
from ..quantize.elements import to_reals
from ..quantize.steps import code_near, step_of

_TOLERANCE = 0.01
"""dB above the ratio asked for that are accepted"""
_PASSES = 5


def global_step(
    weights: Sequence[Treatment], fixed: Mapping[int, float], snr: float, pool: ThreadPoolExecutor
) -> float:
    """Largest step found with at least `snr` dB over all these tensors, those with a `fixed` step included.

    The first guess is white noise of step² / 12; every pass decides all levels and corrects by what it measured.
    """
    open_ = [t for t in weights if t.position not in fixed]
    energy = sum(pool.map(_energy, weights))
    fixed_noise = sum(pool.map(lambda t: _noise(t, fixed[t.position]), [t for t in weights if t.position in fixed]))
    budget = max(energy * 10 ** (-snr / 10) - fixed_noise, energy * 1e-20)
    size = sum(t.tensor.size for t in open_)
    step, best = sqrt(12 * budget / size), 0.0
    for _ in range(_PASSES):
        step = step_of(code_near(step))
        now = step
        noise = sum(pool.map(lambda t: _noise(t, now), open_))
        if noise <= budget:
            best = max(best, step)
            if noise > budget * 10 ** (-_TOLERANCE / 10):
                break
        if noise == 0.0:
            step *= 4
            continue
        step *= sqrt(budget / noise) * (1.0 - 0.0005)
    while best == 0.0:
        step /= 1.02
        now = step
        best = step if sum(pool.map(lambda t: _noise(t, now), open_)) <= budget else 0.0
    return best


def _energy(treatment: Treatment) -> float:
    values = to_reals(treatment.tensor.array(), treatment.tensor.dtype)
    return float(np.vdot(values, values))


def _noise(treatment: Treatment, step: float) -> float:
    return decided(treatment, step).squared_error
