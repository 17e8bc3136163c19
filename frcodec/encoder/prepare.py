"""One tensor ready for a stream: decided at its step, decoded again, and checked against its error bound."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import CorruptError
from ..stages import layer
from ..stages.elements import to_reals
from ..tensors import Array
from .decide import Decision, decide
from .decide_calibrated import decide_calibrated
from .global_step import Step
from .plan import SMALL, Coding, TensorPlan

_RETRIES = 6
"""trials at most, each at half the step, where the rounding to the element type breaks an error bound"""


@dataclass(frozen=True, slots=True)
class PreparedTensor:
    """A tensor ready for its stream."""

    plan: TensorPlan
    decision: Decision | None
    """None for lossless storage"""
    decoded: Array
    """the array that its stream decodes to"""

    @property
    def count(self) -> int:
        """Symbols in its stream: levels, or elements where it is stored losslessly."""
        return self.decision.quantized.levels.size if self.decision else self.plan.tensor.size

    @property
    def shares_stream(self) -> bool:
        """Whether it is coded together with other small tensors."""
        return self.decision.model is None if self.decision else self.plan.tensor.size < SMALL


def prepare(plan: TensorPlan, step: Step) -> PreparedTensor:
    """Decide a tensor's levels at a step; lossless where no step keeps its error bound or the format's ranges."""
    if plan.coding is not Coding.LOSSLESS:
        size = step.size
        for _ in range(_RETRIES):
            decision = _decide(plan, Step(size, step.transform))
            if decision is None:
                break
            decoded = _decode(decision)
            if decoded is not None and _within_bounds(plan, decoded):
                return PreparedTensor(plan, decision, decoded)
            size /= 2
    return PreparedTensor(replace(plan, coding=Coding.LOSSLESS), None, plan.tensor.array())


def _decide(plan: TensorPlan, step: Step) -> Decision | None:
    if plan.error_feedback:
        assert plan.sensitivity
        return decide_calibrated(plan, plan.sensitivity, step.size)
    return decide(plan, step.size, step.transform)


def _decode(decision: Decision) -> Array | None:
    """The decoded array; None where the nearest level lies beyond the largest finite element."""
    try:
        row_steps = decision.model.row_steps if decision.model else None
        return layer.decode(decision.quantized.points, decision.layer, row_steps)
    except CorruptError:
        return None


def _within_bounds(plan: TensorPlan, decoded: Array) -> bool:
    """Whether every error is within the bound, if there is one, and positive variances stay positive."""
    tensor, bound = plan.tensor, plan.fidelity.max_error
    if plan.coding is Coding.INTEGER or (bound is None and not plan.variance):
        return True
    before, after = to_reals(tensor.array(), tensor.dtype), to_reals(decoded, tensor.dtype)
    if bound is not None and float(np.abs(before - after).max()) > bound:
        return False
    return not (plan.variance and bool(((before > 0) & (after <= 0)).any()))
