"""The one step for all tensors that gives a model the signal-to-noise ratio asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import numpy as np

from ..allocate import decided
from ..constants import Code
from ..errors import UsageError
from ..plan import Treatment
from ..quantize.elements import to_reals
from ..quantize.steps import code_below, code_near, step_of

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
    budget = energy * 10 ** (-snr / 10)
    budget -= sum(pool.map(lambda t: _noise(t, fixed[t.position]), [t for t in weights if t.position in fixed]))
    if budget <= 0:
        raise UsageError(
            Code.BAD_OPTION,
            f"The tensors with rules of their own alone have too much noise for {snr:g} dB: relax the rules.",
        )
    size = sum(t.tensor.size for t in open_)
    noise: dict[int, float] = {}  # by step code
    code = code_near(sqrt(12 * budget / size))
    for _ in range(_PASSES):
        noise[code] = _total_noise(open_, step_of(code), pool)
        if budget * 10 ** (-_TOLERANCE / 10) < noise[code] <= budget:
            break
        wanted = code_below(step_of(code) * min(4.0, sqrt(budget / noise[code]))) if noise[code] else code + 512
        code = min(wanted, code - 1) if noise[code] > budget else max(wanted, code + 1)
        if code in noise:
            break
    while not any(n <= budget for n in noise.values()):
        code = max(0, min(noise) - 1)
        noise[code] = _total_noise(open_, step_of(code), pool) if code else 0.0
    return step_of(max(code for code, n in noise.items() if n <= budget))


def _total_noise(treatments: Sequence[Treatment], step: float, pool: ThreadPoolExecutor) -> float:
    return sum(pool.map(lambda treatment: _noise(treatment, step), treatments))


def _energy(treatment: Treatment) -> float:
    values = to_reals(treatment.tensor.array(), treatment.tensor.dtype)
    return float(np.vdot(values, values))


def _noise(treatment: Treatment, step: float) -> float:
    """Squared error at this step; 0 for a tensor that must be stored exactly at it."""
    made = decided(treatment, step)
    return made.squared_error if made else 0.0
