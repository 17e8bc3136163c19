"""The one step for all tensors that gives a model the signal-to-noise ratio asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import sqrt

import numpy as np

from ..constants import Code
from ..errors import CorruptError, UsageError
from ..stages.elements import to_reals
from ..stages.layer import decode
from ..stages.spectral import DctTensor, spectrum
from ..stages.steps import code_below, code_near, step_of
from ..stages.transform import Transform
from ..work import Workers
from .decide import decide
from .plan import TensorPlan

_TOLERANCE = 10 ** (-0.01 / 10)
"""share of the noise allowed that is good enough: 0.01 dB"""
_PASSES = 10
_SLOW = 3
"""passes after which a search that has found nothing yet takes octaves at a time"""


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and the transform that goes with it where it has been chosen already."""

    size: float
    transform: Transform | None = None


def global_step(
    weights: Sequence[TensorPlan], fixed: Mapping[int, Step], snr: float, workers: Workers
) -> dict[int, Step]:
    """Largest step found with at least `snr` dB over all these tensors, for those without a `fixed` step.

    The first guess is white noise of step² / 12; every pass decides all levels and corrects by what it measured.
    Transforms are chosen in the first pass. Raises UsageError (bad_option) where fixed steps leave no room.
    """
    open_ = [t for t in weights if t.position not in fixed]
    energy = sum(workers.in_order(_energy, weights))
    budget = energy * 10 ** (-snr / 10)
    bound = [t for t in weights if t.position in fixed]
    budget -= sum(workers.in_order(lambda t: _noise(t, fixed[t.position])[0], bound))
    if budget <= 0:
        raise UsageError(
            Code.BAD_OPTION,
            f"The tensors with rules of their own alone have too much noise for {snr:g} dB: relax them.",
        )
    chosen: dict[int, Transform | None] = {}

    def noise(code: int) -> float:
        found = list(workers.in_order(lambda t: _noise(t, Step(step_of(code), chosen.get(t.position))), open_))
        chosen.update({t.position: used for t, (_, used) in zip(open_, found, strict=True)})
        return sum(loss for loss, _ in found)

    guess = code_near(sqrt(12 * budget / sum(t.tensor.size for t in open_)))
    step = step_of(_largest_code(noise, budget, guess))
    return {t.position: Step(step, chosen[t.position]) for t in open_}


def _largest_code(noise: Callable[[int], float], budget: float, guess: int) -> int:
    """The largest step code found whose noise stays within the budget: secant steps inside a bracket."""
    below, above, code = 0, 1 << 16, guess
    for number in range(_PASSES):
        found = noise(code)
        if found <= budget:
            below = code
            if found > budget * _TOLERANCE:
                break
        else:
            above = code
        if above - below <= 1:
            break
        wanted = code_below(step_of(code) * min(4.0, sqrt(budget / found))) if found else code + 512
        if not below and number >= _SLOW:
            wanted = max(1, code - 256)
        inside = below < wanted < above
        code = wanted if inside else below + 1 if wanted <= below and below else (below + above) // 2
    return below


def _energy(plan: TensorPlan) -> float:
    return float(np.square(spectrum(plan.tensor)).sum())  # not BLAS, whose sums depend on the machine


def _noise(plan: TensorPlan, step: Step) -> tuple[float, Transform | None]:
    """Squared error at this step and the transform used; 0 for a tensor that must be stored exactly at it."""
    found = decide(plan, step.size, step.transform)
    if found is None:
        return 0.0, None
    tensor = plan.tensor
    if tensor.dtype.itemsize == 2 and not isinstance(tensor, DctTensor):  # the rounding to so few bits is noise too
        with suppress(CorruptError):  # beyond the largest finite element: the step will be made smaller
            made = decode(found.quantized.points, found.layer)
            difference = to_reals(tensor.array(), tensor.dtype) - to_reals(made, tensor.dtype)
            return float(np.square(difference).sum()), found.layer.transform
    return found.noise, found.layer.transform
