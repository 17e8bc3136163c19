"""One tensor's treatment made concrete: transform, step, kept region and levels, chosen by cost.

step        from the target and the tensor's own scale
transform   the one with the fewest bits at that step; as all are orthonormal, the error is the same
levels      rate-distortion optimized
region      what holds all levels that are not zero, as a box or as a scan prefix, whichever is cheaper
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log2, sqrt

import numpy as np
import numpy.typing as npt

from . import transform
from .constants import MAX_TRANSFORM_LENGTH, MIN_FRACTION_BITS
from .entropy import fit
from .entropy.fit import Fit
from .entropy.stream import contexts_by_level, magnitude_bits
from .layer import Layer, coefficients, integer_levels, quantized, whole
from .plan import SMALL, Coding, Treatment, transform_axes
from .quantize.decide import decide
from .quantize.elements import to_reals
from .quantize.steps import code_below, step_of
from .region import Box, Region, Scan, positions_upto
from .tensors import Stored

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_VECTOR_LEVELS = 1024
"""levels per root mean square that biases and norms get at least: about 71 dB, 12 bits"""
_RATIO_OF_RDO = 10 ** (-0.15 / 20)
"""what optimized decisions cost in error, made up for by a smaller step where an SNR is asked for"""
_DEAD_ROW = 1 / 64
"""share of the mean power that a row without much of its own is taken to have"""
_DEAD_SHORT_ROW = 1 / 4096
"""the same for rows as short as those of depthwise convolutions: cheap to code, and each is a channel of its own"""
_SHORT_ROW = 64
_LARGE = 1 << 17
"""elements of a tensor that gets no bonus"""
_MOST_BONUS = 8.0
"""dB"""
_SCAN_LIMIT = 1 << 20
"""levels of a box up to which a scan prefix is tried instead"""
_ALL_AXES_LIMIT = 1 << 20
"""elements up to which a transform over all axes is tried in any case"""
_GAINS = {"spatial": 0.002, "axis": 0.02, "all": 0.03}
"""share of the bits that a transform must save: what its decoding time is worth"""
_POSITIVE_LEVELS = 8
"""levels that the smallest variance of a norm gets at least"""


@dataclass(frozen=True, slots=True)
class Decided:
    """A tensor ready for its stream."""

    treatment: Treatment
    layer: Layer
    levels: Ints
    """[count] of the kept region"""
    fit: Fit | None
    """model for a stream of its own, None for a tensor that shares one"""


def decided(treatment: Treatment, step: float, axes: tuple[int, ...] | None = None) -> Decided | None:
    """All choices for one tensor at this step; `axes` is the transform where it has been chosen before.

    None where the step is smaller than the format has, or too small for the tensor: it is better stored exactly.
    """
    tensor = treatment.tensor
    if treatment.coding is Coding.INTEGER:
        return _integer(treatment)
    found = decided_levels(treatment, step, axes)
    if found is None:
        return None
    axes, coefs, levels = found
    code = code_below(step)
    step = step_of(code)
    region = _region(levels, coefs / step) if axes or not treatment.small else _box(levels)
    kept, shape = region.gather(levels), region.level_shape()
    shares = treatment.vector or kept.size < SMALL
    model = None if shares else fit.fit(kept, shape, _kept_magnitudes(region, coefs, step))
    return Decided(treatment, Layer(tensor.dtype, tensor.shape, axes, region, code), kept, model)


def decided_levels(
    treatment: Treatment, step: float, axes: tuple[int, ...] | None = None
) -> tuple[tuple[int, ...], Reals, Ints] | None:
    """Transformed axes, coefficients and their levels [shape] at the largest step of the format up to this one."""
    if step < step_of(0):
        return None
    step = step_of(code_below(step))
    axes = _axes(treatment, step) if axes is None else axes
    found = _nearest(treatment.tensor, axes, step)
    if found is None:
        return None
    coefs, levels = found
    if not treatment.small and treatment.target.max_error is None:
        levels = _optimized(levels, coefs, step)
    return axes, coefs, levels


def step_for(treatment: Treatment) -> float | None:
    """The step that the tensor's own target asks for; None where an SNR of the whole model decides."""
    values = to_reals(treatment.tensor.array(), treatment.tensor.dtype)
    target = treatment.target
    if target.max_error is not None:
        return 2 * target.max_error
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return 1.0
    values /= largest  # so that no square overflows or vanishes
    if treatment.vector and (target.quality is not None or not treatment.own_target):
        return largest * _vector_step(treatment, values)
    if target.snr is not None:
        return largest * _step_of_snr(target.snr, values) * _RATIO_OF_RDO if treatment.own_target else None
    assert target.quality is not None
    return largest * _step_of_quality(target.quality, values)


def quality_snr(quality: float) -> float:
    """The signal-to-noise ratio in dB that large, even tensors get at a quality: 10 dB at 0, 50 dB at 100."""
    return 10 + 0.4 * quality


def _step_of_snr(snr: float, values: Reals) -> float:
    """White noise of step² / 12 against the mean square."""
    return sqrt(12 * float(np.mean(values**2))) * 10 ** (-snr / 20)


def _step_of_quality(quality: float, values: Reals) -> float:
    """A step that hurts every output channel about equally, and small tensors less.

    What follows a layer mostly normalizes its channels, so noise counts relative to the channel it falls on: the
    signal is the harmonic mean of the rows' mean squares. Small tensors are cheap to code well, and as their errors
    are as grave as those of large ones, they get 1 dB more with every halving.
    """
    rows = values.reshape(values.shape[0], -1) if values.ndim > 1 else values.reshape(1, -1)
    power = np.mean(rows**2, axis=1)
    power = np.maximum(power, float(power.mean()) * (_DEAD_SHORT_ROW if rows.shape[1] <= _SHORT_ROW else _DEAD_ROW))
    signal = 1 / float(np.mean(1 / power))
    bonus = min(_MOST_BONUS, max(0.0, log2(_LARGE / values.size)))
    return sqrt(12 * signal) * 10 ** (-(quality_snr(quality) + bonus) / 20)


def _vector_step(treatment: Treatment, values: Reals) -> float:
    """Biases and norms are few and matter much: a fine step, finer where a variance must stay positive."""
    step = sqrt(float(np.mean(values**2))) / _VECTOR_LEVELS
    if treatment.target.quality is not None:
        step = min(step, _step_of_quality(treatment.target.quality, values))
    if treatment.variance and (values > 0).any():
        step = min(step, float(values[values > 0].min()) / _POSITIVE_LEVELS)
    return step


def _integer(treatment: Treatment) -> Decided:
    """8-bit integers, exactly, around their most frequent value."""
    tensor = treatment.tensor
    center = int(np.bincount(tensor.array().view(np.uint8).reshape(-1), minlength=256).argmax())
    levels = integer_levels(tensor, center)
    layer = Layer(tensor.dtype, tensor.shape, (), whole(tensor.shape), center)
    flat = levels.reshape(-1)
    model = fit.fit(flat, tensor.shape, np.abs(levels).astype(np.float64)) if flat.size >= SMALL else None
    return Decided(treatment, layer, flat, model)


def _axes(treatment: Treatment, step: float) -> tuple[int, ...]:
    """The transform: the user's where it can be exact, none for an error bound or a vector, else the cheapest."""
    tensor = treatment.tensor
    if treatment.transform is not None:
        axes = transform_axes(treatment)
        return axes if _nearest(tensor, axes, step) else ()
    if treatment.target.max_error is not None or treatment.vector:
        return ()
    plain = _cost(tensor, (), step)
    best: tuple[int, ...] = ()
    least = plain
    for kind, axes in _candidates(tensor.shape):
        if kind == "all" and tensor.size > _ALL_AXES_LIMIT and least > plain / 2:
            continue  # slow to try, and hopeless where no single axis is smooth
        cost = _cost(tensor, axes, step) * (1 + _GAINS[kind])
        if cost < least:
            best, least = axes, cost
    return best


def _candidates(shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Transforms worth trying, and what kind of decoding cost they have."""
    usable = [axis for axis, n in enumerate(shape) if 2 <= n <= MAX_TRANSFORM_LENGTH]
    spatial = tuple(axis for axis in usable if axis >= 2)
    if spatial:
        yield "spatial", spatial
    for axis in usable[:2]:
        if axis < 2 and shape[axis] >= 8:
            yield "axis", (axis,)
    if len(usable) > 1 and len(usable) == sum(n > 1 for n in shape):
        yield "all", tuple(usable)


def _cost(tensor: Stored, axes: tuple[int, ...], step: float) -> float:
    """Bits of the tensor under a transform, about; infinite where it is not possible."""
    found = _nearest(tensor, axes, step)
    if found is None:
        return inf
    coefs, levels = found
    return fit.estimate(levels.reshape(-1), levels.shape, np.abs(coefs) / step).bits


def _nearest(tensor: Stored, axes: tuple[int, ...], step: float) -> tuple[Reals, Ints] | None:
    """Coefficients and nearest levels; None where levels are too large for the format or for an exact inverse."""
    coefs = coefficients(tensor, axes)
    levels = quantized(coefs, step)
    if levels is None or axes and transform.fraction_bits(transform.energy(levels)) < MIN_FRACTION_BITS:
        return None
    return coefs, levels


def _optimized(levels: Ints, coefs: Reals, step: float) -> Ints:
    """Levels decided by rate and distortion under the model that fits the nearest levels."""
    flat = levels.reshape(-1)
    model = fit.fit(flat, levels.shape, np.abs(coefs) / step).model
    contexts = contexts_by_level(flat, levels.shape, model)
    return decide((coefs / step).reshape(-1), contexts, magnitude_bits(model)).reshape(levels.shape)


def _region(levels: Ints, scaled: Reals) -> Region:
    """The cheapest region that holds all levels that are not zero."""
    box = _box(levels)
    if levels.ndim < 2 or not 0 < box.count <= _SCAN_LIMIT:
        return box
    inside = levels[tuple(slice(0, k) for k in box.kept)]
    last_sum = int(np.argwhere(inside).sum(axis=1).max())
    if positions_upto(levels.shape, last_sum) > 4 * box.count:
        return box
    prefix = Scan(positions_upto(levels.shape, last_sum))
    scan = Scan(int(np.flatnonzero(prefix.gather(levels))[-1]) + 1)
    if scan.count > 0.9 * box.count:
        return box
    costs = [
        fit.estimate(region.gather(levels), region.level_shape(), _kept_magnitudes(region, scaled, 1.0)).bits
        for region in (box, scan)
    ]
    return box if costs[0] <= costs[1] else scan


def _box(levels: Ints) -> Box:
    """The smallest box at the origin that holds all levels that are not zero."""
    kept = []
    for axis in range(levels.ndim):
        others = tuple(a for a in range(levels.ndim) if a != axis)
        used = np.flatnonzero(levels.any(axis=others))
        kept.append(int(used[-1]) + 1 if len(used) else 0)
    return Box(tuple(kept))


def _kept_magnitudes(region: Region, coefs: Reals, step: float) -> Reals | None:
    """What the kept levels were rounded from, in steps, in the shape of the levels; None for a scan prefix."""
    if isinstance(region, Scan):
        return None
    return np.abs(coefs[tuple(slice(0, k) for k in region.kept)]) / step
