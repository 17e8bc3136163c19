"""Everything a file stores of one tensor, chosen by rate and distortion at a given step.

    transform   the cheapest at the tensor's step
    region      holds all levels that are not zero: a box or a prefix of the scan order, whichever is cheaper
    levels      on a trellis; the nearest ones under an error bound, and for tensors of few levels

Nothing here is normative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..entropy.stream import Quantized, StreamModel
from ..stages.elements import to_reals
from ..stages.layer import Layer, coefficients, integer_points, round_to_points
from ..stages.region import Box, Region, smallest_box
from ..stages.spectral import DctTensor
from ..stages.steps import code_below, step_of
from ..stages.transform import Transform, invertible
from . import fit
from .choose import best_region, best_transform, invertible_or_none
from .plan import SMALL, Coding, TensorPlan, transform_of
from .quantize import quantize, round_in_subsets, search_viterbi

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

STATE_BITS = 8
"""of the trellis"""
TRELLIS_STEP = 0.577
"""step of a trellis with about the error of plain rounding to multiples of 1"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a file stores of a tensor."""

    plan: TensorPlan
    layer: Layer
    quantized: Quantized
    """levels [count] of the kept region"""
    model: StreamModel | None
    """of the tensor's own stream; None for a tensor that shares one"""
    noise: float
    """squared error, summed over all coefficients"""


def decide(plan: TensorPlan, step: float, transform: Transform | None = None) -> Decision | None:
    """Choose transform, region and levels so that the error is about that of plain rounding to multiples of `step`.

    A `transform` from an earlier call is used as it is. Returns None, for lossless storage, where the step is below
    the format's smallest or the levels would exceed the format's range. Raises UsageError (bad_option) for a rule's
    transform that the tensor's shape does not allow.
    """
    if plan.coding is Coding.INTEGER:
        return _decide_integer(plan)
    if isinstance(plan.tensor, DctTensor):
        return _decide_dct(plan, plan.tensor, step)
    fine = step * TRELLIS_STEP
    if fine < step_of(0):
        return None
    transform = _choose_transform(plan, step) if transform is None else transform
    coefs = coefficients(plan.tensor, transform)
    plain = plan.small or plan.fidelity.max_error is not None
    code = code_below(step if plain else fine)
    nearest = round_to_points(coefs, step_of(code))
    if nearest is None:
        return None
    if not plain:
        nearest = round_in_subsets(coefs / step_of(code), np.zeros((), np.uint8))
    region = best_region(nearest, coefs) if transform.axes or not plan.small else smallest_box(nearest)
    if not plain and region.count < SMALL:  # a shared stream has no trellis
        plain, code = True, code_below(step)
        nearest = round_to_points(coefs, step_of(code))
        assert nearest is not None
        region = best_region(nearest, coefs)
    quantized, model = _quantize(plan, region, nearest, coefs / step_of(code), plain)
    if transform.axes and not invertible(quantized.points):
        return None
    layer = Layer(plan.tensor.dtype, plan.tensor.shape, transform, region, code)
    return Decision(plan, layer, quantized, model, _noise(coefs, region, quantized.points, step_of(code)))


def _choose_transform(plan: TensorPlan, step: float) -> Transform:
    """The rule's transform if it is invertible, none under an error bound and for vectors, else the cheapest."""
    if plan.transform is None and (plan.fidelity.max_error is not None or plan.vector):
        return Transform()
    values = to_reals(plan.tensor.array(), plan.tensor.dtype)
    if plan.transform is None:
        return best_transform(values, step)
    return invertible_or_none(transform_of(plan), values, step)


def _quantize(
    plan: TensorPlan, region: Region, nearest: Ints, scaled: Reals, plain: bool
) -> tuple[Quantized, StreamModel | None]:
    """Levels of the kept region and their stream model, for nearest levels and coefficients in steps, both [shape]."""
    shape = region.level_shape()
    magnitudes = np.abs(region.gather(scaled)).reshape(shape) if region.has_axes else None
    if not plain:
        return quantize(region.gather(scaled), shape, magnitudes, STATE_BITS, search_viterbi)
    quantized = Quantized(region.gather(nearest))
    shares_stream = plan.vector or quantized.levels.size < SMALL
    return quantized, None if shares_stream else fit.fit(quantized, shape, magnitudes)


def _noise(coefs: Reals, region: Region, points: Ints, step: float) -> float:
    """Squared error: quantization inside the region, all the energy outside of it."""
    kept = region.gather(coefs)
    lost = float(np.square(coefs).sum() - np.square(kept).sum())  # not BLAS, whose sums depend on the machine
    return max(0.0, lost) + float(np.square(kept - points * step).sum())


def _decide_integer(plan: TensorPlan) -> Decision:
    """8-bit integers without loss, as differences from the most frequent value."""
    tensor = plan.tensor
    center = int(np.bincount(tensor.array().view(np.uint8).reshape(-1), minlength=256).argmax())
    points = integer_points(tensor, center)
    layer = Layer(tensor.dtype, tensor.shape, Transform(), Box(tensor.shape), center)
    quantized = Quantized(points.reshape(-1))
    model = fit.fit(quantized, tensor.shape, np.abs(points).astype(np.float64)) if points.size >= SMALL else None
    return Decision(plan, layer, quantized, model, 0.0)


def _decide_dct(plan: TensorPlan, tensor: DctTensor, step: float) -> Decision | None:
    """Given coefficients at their own step, or rounded to multiples of `step` where they have none."""
    code = code_below(step) if tensor.code is None else tensor.code
    nearest = round_to_points(tensor.coefficients, step_of(code))
    if nearest is None or not invertible(nearest):
        return None
    region, levels = tensor.region.trim(nearest)
    quantized = Quantized(levels)
    magnitudes = np.abs(levels.reshape(region.level_shape())).astype(np.float64) if region.has_axes else None
    model = fit.fit(quantized, region.level_shape(), magnitudes) if levels.size >= SMALL else None
    noise = float(np.square(tensor.coefficients - nearest * step_of(code)).sum())
    return Decision(plan, Layer(tensor.dtype, tensor.shape, tensor.transform, region, code), quantized, model, noise)
