"""The one step for all tensors that gives a model its signal-to-noise ratio. Nothing here is normative.

The noise grows with the step, nearly with its square. So the largest step code whose noise is within the budget is
found by secant steps inside a bracket; every trial decides all levels and measures their noise.
"""

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

_FILLED = 10 ** (-0.01 / 10)
"""share of the noise budget that is close enough: 0.01 dB"""
_TRIALS = 10
_SLOW = 3
"""trials above the budget after which the search goes down by octaves"""
_OCTAVE = 256
"""step codes for a factor of 2"""


@dataclass(frozen=True, slots=True)
class Step:
    """A quantizer step, and the transform chosen at it."""

    size: float
    transform: Transform | None = None
    """None: not chosen yet"""


def global_step(
    weights: Sequence[TensorPlan], fixed: Mapping[int, Step], snr: float, workers: Workers
) -> dict[int, Step]:
    """Steps, by position, of all tensors without a `fixed` one: the largest found with `snr` dB over all `weights`.

    Transforms are chosen in the first trial and kept. Raises UsageError (bad_option) if the noise of the fixed steps
    alone exceeds what `snr` allows.
    """
    free = [plan for plan in weights if plan.position not in fixed]
    budget = sum(workers.in_order(_energy, weights)) * 10 ** (-snr / 10)
    bound = [plan for plan in weights if plan.position in fixed]
    budget -= sum(workers.in_order(lambda plan: _noise(plan, fixed[plan.position])[0], bound))
    if budget <= 0:
        raise UsageError(
            Code.BAD_OPTION,
            f"The tensors with rules of their own alone have too much noise for {snr:g} dB: relax them.",
        )
    transforms: dict[int, Transform | None] = {}

    def noise_at(code: int) -> float:
        def noise(plan: TensorPlan) -> tuple[float, Transform | None]:
            return _noise(plan, Step(step_of(code), transforms.get(plan.position)))

        results = list(workers.in_order(noise, free))
        for plan, (_, transform) in zip(free, results, strict=True):
            transforms[plan.position] = transform
        return sum(noise for noise, _ in results)

    guess = code_near(sqrt(12 * budget / sum(plan.tensor.size for plan in free)))  # white noise of power step² / 12
    size = step_of(_largest_code(noise_at, budget, guess))
    return {plan.position: Step(size, transforms[plan.position]) for plan in free}


def _largest_code(noise_at: Callable[[int], float], budget: float, guess: int) -> int:
    """The largest step code found whose noise is within the budget; 0 if none was found."""
    low, high = 0, 1 << 16  # the noise of `low` is within the budget, that of `high` is not
    code = guess
    for trial in range(_TRIALS):
        noise = noise_at(code)
        if noise <= budget:
            low = code
        else:
            high = code
        if _FILLED * budget < noise <= budget or high - low <= 1:
            break
        candidate = _candidate(code, noise, budget, low == 0 and trial >= _SLOW)
        if low < candidate < high:
            code = candidate
        elif candidate <= low and low:
            code = low + 1
        else:
            code = (low + high) // 2
    return low


def _candidate(code: int, noise: float, budget: float, slow: bool) -> int:
    """The code at which the noise meets the budget, if it grows with the square of the step from here on."""
    if slow:
        return max(1, code - _OCTAVE)
    if noise == 0:
        return code + 2 * _OCTAVE
    return code_below(step_of(code) * min(4.0, sqrt(budget / noise)))


def _energy(plan: TensorPlan) -> float:
    """Sum of squares of the tensor."""
    return float(np.square(spectrum(plan.tensor)).sum())  # not BLAS, whose sums depend on the machine


def _noise(plan: TensorPlan, step: Step) -> tuple[float, Transform | None]:
    """Squared error at this step and the transform; 0 and None where the tensor is stored losslessly."""
    decision = decide(plan, step.size, step.transform)
    if decision is None:
        return 0.0, None
    tensor = plan.tensor
    if tensor.dtype.itemsize == 2 and not isinstance(tensor, DctTensor):  # the rounding to 16 bits is noise too
        with suppress(CorruptError):  # beyond the largest finite element: the step will be made smaller
            decoded = decode(decision.quantized.points, decision.layer)
            difference = to_reals(tensor.array(), tensor.dtype) - to_reals(decoded, tensor.dtype)
            return float(np.square(difference).sum()), decision.layer.transform
    return decision.noise, decision.layer.transform
