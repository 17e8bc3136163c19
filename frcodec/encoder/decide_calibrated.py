"""Error feedback: everything a file stores of a tensor whose errors' effect on the output is known.

Rows have steps of their own, and later columns compensate for the errors of earlier ones (`feedback`).
Nothing here is normative.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from ..constants import ROW_STEP
from ..entropy.segments import lane_starts
from ..entropy.stream import Contexts, Quantized, StreamModel, magnitude_bits
from ..native import encoder as native_encoder
from ..stages.elements import to_reals
from ..stages.layer import Layer, coefficients, round_to_points
from ..stages.region import Box
from ..stages.steps import MAX_CODE, code_below, step_of
from ..stages.transform import Transform, invertible
from .calibration import Sensitivity
from .choose import best_transform, invertible_or_none, rough_cost
from .decide import TRELLIS_STEP, Decision, decide
from .feedback import Feedback, feedback
from .plan import TensorPlan, transform_of
from .quantize import Ints, Subsets, quantize
from .viterbi import ONE, rate_costs

Reals = npt.NDArray[np.float64]

_STATE_BITS = 5
"""of the trellis: fewer than without feedback, as every survivor carries the errors of its path"""
_ROW_DAMPING = 0.5
"""share of the mean mixed into each row's sensitivity, which few inputs measure roughly"""
_ROW_BITS = 3.0
"""header bits of a row's own step, about"""


def decide_calibrated(plan: TensorPlan, sensitivity: Sensitivity, step: float) -> Decision | None:
    """Choose transform, row steps and levels; `step` is that of plain rounding without error feedback.

    Error feedback allows a larger step, but no transform over rows or columns: the cheaper of the two is chosen.
    Returns None, for lossless storage, where a step lies outside the format's range or a level would; see `decide`.
    """
    assert sensitivity.moments is not None
    tensor = plan.tensor
    values = to_reals(tensor.array(), tensor.dtype)
    transform = _choose_transform(plan, values, step)
    factors = feedback(sensitivity.moments, tensor.shape, transform)
    other = best_transform(values, step) if plan.transform is None else transform
    if other.axes and rough_cost(values, other, step) < rough_cost(values, transform, step / sqrt(factors.cost)):
        return decide(plan, step, other)
    fine = step * TRELLIS_STEP / sqrt(factors.cost)
    rows = row_steps(sensitivity.rows, tensor.size)
    if fine < step_of(0):
        return None
    code = code_below(fine)
    codes = np.full(tensor.shape[0], code) if rows is None else code + ROW_STEP * rows
    if codes.min() < 0 or codes.max() > MAX_CODE:
        return None
    steps = np.array([step_of(int(each)) for each in codes]).reshape(-1, *(1,) * (len(tensor.shape) - 1))
    coefs = coefficients(tensor, transform)
    scaled = coefs / steps
    if round_to_points(scaled, 1.0) is None:
        return None
    quantized, model = _quantize(scaled, factors)
    model = StreamModel(model.lanes_log2, model.state_bits, model.context, model.tables, rows)
    points = quantized.points.reshape(tensor.shape)
    if transform.axes and not invertible(points):
        return None
    layer = Layer(tensor.dtype, tensor.shape, transform, Box(tensor.shape), code)
    return Decision(plan, layer, quantized, model, float(np.square(coefs - points * steps).sum()))


def row_steps(rows: Reals, size: int) -> npt.NDArray[np.int64] | None:
    """Offsets [rows] of the rows' steps in quarter octaves; None where they cost more bits than they save.

    `rows` [rows] are sensitivities, `size` is the number of weights. At equal cost a row's step goes with the inverse
    root of its sensitivity.
    """
    mean = float(rows.mean())
    if len(rows) < 2 or not mean > 0:
        return None
    damped = (rows / mean + _ROW_DAMPING) / (1 + _ROW_DAMPING)
    gain = -0.5 * float(np.log2(damped).mean())  # bits per weight, by Jensen's inequality not negative
    result = np.rint(-2 * np.log2(damped)).astype(np.int64)
    return result if gain * size > _ROW_BITS * len(rows) and result.any() else None


def _choose_transform(plan: TensorPlan, values: Reals, step: float) -> Transform:
    """A transform of the kernel's axes only: moments belong to columns, and rows have steps of their own."""
    if plan.transform is None:
        return best_transform(values, step, first_axis=2)
    transform = transform_of(plan)
    if any(axis < 2 for axis in transform.axes):
        return Transform()
    return invertible_or_none(transform, values, step)


def _quantize(scaled: Reals, factors: Feedback) -> tuple[Quantized, StreamModel]:
    """Levels by error feedback and their stream model, for coefficients [rows, ...] in steps of their rows."""

    def search(flat: Reals, contexts: Contexts, model: StreamModel) -> tuple[Ints, Subsets]:
        costs = (rate_costs(magnitude_bits(model)) / np.float32(ONE)).astype(np.float32)
        starts = lane_starts(flat.size, model.lanes)
        return native_encoder.viterbi_with_feedback(
            flat, contexts, costs, factors.upper, factors.weights, starts, model.state_bits
        )

    flat = np.ascontiguousarray(scaled).reshape(-1)
    return quantize(flat, scaled.shape, np.abs(scaled), _STATE_BITS, search)
