"""One tensor whose errors' effect is known: steps by row, and errors that are made up for by later columns."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from ..constants import ROW_STEP
from ..entropy.segments import lane_starts
from ..entropy.stream import Quantized, StreamModel, contexts_by_level, magnitude_bits
from ..native import encoder as native_encoder
from ..stages.elements import to_reals
from ..stages.layer import Layer, coefficients, round_to_points
from ..stages.region import Box
from ..stages.steps import MAX_CODE, code_below, step_of
from ..stages.transform import Transform, forward, invertible
from . import fit
from .calibration import Sensitivity
from .choose import best_transform, exact_levels, rough_cost
from .decide import TRELLIS_STEP, Decision, decide, in_subsets
from .feedback import Feedback, feedback
from .plan import TensorPlan, transform_of
from .viterbi import ONE, prices

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_STATE_BITS = 5
"""of the trellis: survivors with errors of their own cost more than plain ones"""
_PASSES = 2
_ROW_DAMPING = 0.5
"""share of the mean in what is taken for a row's sensitivity: it was measured with few inputs"""
_ROW_BITS = 3.0
"""what a row's own step costs in the header, about"""


def decide_calibrated(plan: TensorPlan, sensitivity: Sensitivity, step: float) -> Decision | None:
    """All choices for one tensor; `step` is that of plain rounding for errors that nothing makes up for.

    Making up for errors allows a larger step, but no transform over rows or columns: what needs fewer bits is done.
    None where the tensor is better stored exactly; see `decide.decide`.
    """
    assert sensitivity.moments is not None
    tensor = plan.tensor
    values = to_reals(tensor.array(), tensor.dtype)
    transform = _transform(plan, values, step)
    back = feedback(sensitivity.moments, tensor.shape, transform)
    other = best_transform(values, step) if plan.transform is None else transform
    if other.axes and rough_cost(values, other, step) < rough_cost(values, transform, step / sqrt(back.cost)):
        return decide(plan, step, other)
    fine = step * TRELLIS_STEP / sqrt(back.cost)
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
    found, model = _coded(scaled, back)
    model = StreamModel(model.lanes_log2, model.state_bits, model.context, model.tables, rows)
    points = found.points.reshape(tensor.shape)
    if transform.axes and not invertible(points):
        return None
    layer = Layer(tensor.dtype, tensor.shape, transform, Box(tensor.shape), code)
    return Decision(plan, layer, found, model, float(np.square(coefs - points * steps).sum()))


def row_steps(rows: Reals, size: int) -> npt.NDArray[np.int64] | None:
    """By how many quarter octaves each row's step differs; None where that is not worth its bits."""
    mean = float(rows.mean())
    if len(rows) < 2 or not mean > 0:
        return None
    damped = (rows / mean + _ROW_DAMPING) / (1 + _ROW_DAMPING)
    gain = -0.5 * float(np.log2(damped).mean())  # bits a weight, by Jensen's inequality not negative
    result = np.rint(-2 * np.log2(damped)).astype(np.int64)
    return result if gain * size > _ROW_BITS * len(rows) and result.any() else None


def _transform(plan: TensorPlan, values: Reals, step: float) -> Transform:
    """Of the kernel's axes only: the moments are known by column, and rows have steps of their own."""
    if plan.transform is None:
        return best_transform(values, step, first_axis=2)
    transform = transform_of(plan)
    inside = all(axis >= 2 for axis in transform.axes)
    return (
        transform if inside and exact_levels(forward(values, transform), transform, step) is not None else Transform()
    )


def _coded(scaled: Reals, back: Feedback) -> tuple[Quantized, StreamModel]:
    """Levels that make up for their errors, and their model, for coefficients [rows, ...] in steps of their rows."""
    shape, exact = scaled.shape, np.ascontiguousarray(scaled).reshape(-1)
    subsets = (np.arange(exact.size) & 1).astype(np.uint8)
    found = Quantized(in_subsets(exact, subsets), subsets)
    model = fit.fit(found, shape, np.abs(scaled), _STATE_BITS)
    starts = lane_starts(exact.size, model.lanes)
    for _ in range(_PASSES):
        contexts = contexts_by_level(found.points, shape, model)
        price = (prices(magnitude_bits(model)) / np.float32(ONE)).astype(np.float32)
        found = Quantized(
            *native_encoder.viterbi_with_feedback(
                exact, contexts, price, back.upper, back.weights, starts, model.state_bits
            )
        )
        model = fit.with_tables(found, shape, model)
    return found, model
