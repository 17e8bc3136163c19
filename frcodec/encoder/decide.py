"""One tensor's plan made concrete: what is stored of it, chosen by cost.

transform   the one with the fewest bits at the tensor's step
region      what holds all levels that are not zero, as a box or as a scan prefix, whichever is cheaper
levels      along a trellis, by rate and distortion; the nearest ones where a bound holds, or for a few levels
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import native
from ..entropy.segments import from_lanes, segments, to_lanes
from ..entropy.stream import Quantized, StreamModel, contexts_by_level, magnitude_bits
from ..native import encoder as native_encoder
from ..stages.elements import to_reals
from ..stages.layer import Layer, coefficients, integer_points, round_to_points
from ..stages.region import Box, Region, smallest_box
from ..stages.spectral import DctTensor
from ..stages.steps import code_below, step_of
from ..stages.transform import Transform, invertible
from . import fit
from .choose import best_region, best_transform, exact_levels
from .plan import SMALL, Coding, TensorPlan, transform_of
from .viterbi import find_path, prices

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

STATE_BITS = 8
"""of the trellis"""
TRELLIS_STEP = 0.577
"""step of a trellis that makes the error of plain rounding to multiples of 1, about"""
_ROUNDED_UP = 0.4
"""transform far below the middle between two levels the larger one is taken"""
_PASSES = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """A tensor ready for its stream."""

    plan: TensorPlan
    layer: Layer
    quantized: Quantized
    """levels [count] of the kept region"""
    model: StreamModel | None
    """for a stream of its own, None for a tensor that shares one"""
    noise: float
    """squared error of all coefficients"""


def decide(plan: TensorPlan, step: float, transform: Transform | None = None) -> Decision | None:
    """All choices for one tensor whose error is to be that of plain rounding to multiples of `step`.

    `transform` is given where it has been chosen before. Returns None where the step is below the smallest of the
    format, or too small for the tensor, which is then stored losslessly.
    """
    if plan.coding is Coding.INTEGER:
        return _integer(plan)
    if isinstance(plan.tensor, DctTensor):
        return _spectral(plan, plan.tensor, step)
    fine = step * TRELLIS_STEP
    if fine < step_of(0):
        return None
    transform = _transform(plan, step) if transform is None else transform
    coefs = coefficients(plan.tensor, transform)
    plain = plan.small or plan.target.max_error is not None
    code = code_below(step if plain else fine)
    nearest = round_to_points(coefs, step_of(code))
    if nearest is None:
        return None
    if not plain:
        nearest = in_subsets(coefs / step_of(code), np.zeros((), np.uint8))
    region = best_region(nearest, coefs) if transform.axes or not plan.small else smallest_box(nearest)
    if not plain and region.count < SMALL:  # too few levels for a stream of their own
        plain, code = True, code_below(step)
        nearest = round_to_points(coefs, step_of(code))
        assert nearest is not None
        region = best_region(nearest, coefs)
    found, model = _coded(plan, region, nearest, coefs / step_of(code), 0 if plain else STATE_BITS)
    if transform.axes and not invertible(found.points):
        return None
    layer = Layer(plan.tensor.dtype, plan.tensor.shape, transform, region, code)
    return Decision(plan, layer, found, model, _noise(coefs, region, found.points, step_of(code)))


def _coded(
    plan: TensorPlan, region: Region, nearest: Ints, scaled: Reals, state_bits: int
) -> tuple[Quantized, StreamModel | None]:
    """The levels of the kept region and their model, for coefficients [shape] in steps."""
    shape = region.level_shape()
    magnitudes = np.abs(region.gather(scaled)).reshape(shape) if region.has_axes else None
    if not state_bits:
        found = Quantized(region.gather(nearest))
        shares = plan.vector or found.levels.size < SMALL
        return found, None if shares else fit.fit(found, shape, magnitudes)
    exact = region.gather(scaled)
    # any path will do to begin with: one that comes and goes between the subsets
    subsets = (np.arange(exact.size) & 1).astype(np.uint8)
    found = Quantized(in_subsets(exact, subsets), subsets)
    model = fit.fit(found, shape, magnitudes, state_bits)
    for _ in range(_PASSES):
        found = Quantized(*along_trellis(exact, found.points, shape, model))
        model = fit.with_tables(found, shape, model)
    return found, model


def in_subsets(scaled: Reals, subsets: npt.NDArray[np.uint8]) -> Ints:
    """Levels [n] of coefficients [n] in steps, in given subsets, rounded towards zero as decisions for rate are."""
    size: Ints = np.floor((np.abs(scaled) + subsets) * 0.5 + _ROUNDED_UP).astype(np.int32)
    return np.where(scaled < 0, -size, size)


def along_trellis(
    scaled: Reals, points: Ints, shape: tuple[int, ...], model: StreamModel
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Levels and subsets [n] decided for coefficients [n] in steps, with the contexts that `points` [n] would give."""
    bits = magnitude_bits(model)
    contexts = contexts_by_level(points, shape, model)
    price = prices(bits)
    levels, subsets = np.empty(points.size, np.int32), np.empty(points.size, np.uint8)
    for part in segments(points.size):
        if native.enabled():
            found = native_encoder.viterbi(scaled[part], contexts[part], price, model.lanes, model.state_bits)
            levels[part], subsets[part] = found
            continue
        laid_out = to_lanes(scaled[part], model.lanes), to_lanes(contexts[part], model.lanes)
        best = find_path(*laid_out, bits, model.state_bits)
        size = part.stop - part.start
        levels[part], subsets[part] = from_lanes(best[0], size), from_lanes(best[1], size)
    return levels, subsets


def _noise(coefs: Reals, region: Region, points: Ints, step: float) -> float:
    """Squared error: of what is kept by quantization, of all else by leaving it out."""
    kept = region.gather(coefs)
    lost = float(np.square(coefs).sum() - np.square(kept).sum())  # not BLAS, whose sums depend on the machine
    return max(0.0, lost) + float(np.square(kept - points * step).sum())


def _integer(plan: TensorPlan) -> Decision:
    """8-bit integers, exactly, around their most frequent value."""
    tensor = plan.tensor
    center = int(np.bincount(tensor.array().view(np.uint8).reshape(-1), minlength=256).argmax())
    points = integer_points(tensor, center)
    layer = Layer(tensor.dtype, tensor.shape, Transform(), Box(tensor.shape), center)
    found = Quantized(points.reshape(-1))
    model = fit.fit(found, tensor.shape, np.abs(points).astype(np.float64)) if points.size >= SMALL else None
    return Decision(plan, layer, found, model, 0.0)


def _spectral(plan: TensorPlan, tensor: DctTensor, step: float) -> Decision | None:
    """Coefficients as they were trained, or rounded to multiples of the step."""
    code = code_below(step) if tensor.code is None else tensor.code
    nearest = round_to_points(tensor.coefficients, step_of(code))
    if nearest is None or not invertible(nearest):
        return None
    region, levels = tensor.region.trim(nearest)
    found = Quantized(levels)
    magnitudes = np.abs(levels.reshape(region.level_shape())).astype(np.float64) if region.has_axes else None
    model = fit.fit(found, region.level_shape(), magnitudes) if levels.size >= SMALL else None
    noise = float(np.square(tensor.coefficients - nearest * step_of(code)).sum())
    return Decision(plan, Layer(tensor.dtype, tensor.shape, tensor.transform, region, code), found, model, noise)


def _transform(plan: TensorPlan, step: float) -> Transform:
    """The user's choice where it can be exact, none for an error bound or a vector, else the cheapest."""
    tensor = plan.tensor
    if plan.transform is not None:
        transform = transform_of(plan)
        return transform if exact_levels(coefficients(tensor, transform), transform, step) is not None else Transform()
    if plan.target.max_error is not None or plan.vector:
        return Transform()
    return best_transform(to_reals(tensor.array(), tensor.dtype), step)
