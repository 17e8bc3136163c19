"""Bit allocation: the error of each tensor, as the step of plain rounding that makes it.

    snr         one step for all tensors (`global_step`)
    max_error   step = 2 · bound
    quality     a signal-to-noise ratio for each tensor, 10 dB at 0 to 50 dB at 100, by its own scale
    calibrated  step ~ 1 / √sensitivity, for an equal effect of every weight's error on the output

Nothing here is normative.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, sqrt

import numpy as np
import numpy.typing as npt

from ..stages.spectral import spectrum
from ..work import Workers
from .global_step import Step, global_step
from .options import DEFAULT_QUALITY, Options
from .plan import Coding, TensorPlan

Reals = npt.NDArray[np.float64]

_VECTOR_LEVELS = 256
"""steps per root mean square of biases and norms, at least: about 59 dB, 10 bits"""
_RDO_LOSS = 10 ** (-0.15 / 20)
"""factor on the step where an SNR is given: rate-distortion optimization adds about 0.15 dB of error"""
_DEAD_ROW = 1 / 64
"""least power of a row as a share of the mean, so that rows near zero do not ask for tiny steps"""
_DEAD_SHORT_ROW = 1 / 4096
"""the same for short rows, as of depthwise convolutions: cheap to code, and each is a channel of its own"""
_SHORT_ROW = 64
"""elements of a short row at most"""
_LARGE = 1 << 17
"""elements from which on a tensor gets no bonus"""
_MAX_BONUS = 8.0
"""dB"""
_POSITIVE_LEVELS = 8
"""steps in the smallest variance of a norm, at least"""


def allocate(plans: Sequence[TensorPlan], options: Options, workers: Workers) -> dict[int, Step]:
    """The step of every lossy tensor, by position.

    Raises UsageError (bad_option) where the rules' noise alone exceeds the model's SNR, or the calibration has no
    signal.
    """
    lossy = [plan for plan in plans if plan.coding is Coding.LOSSY]
    unit = 0.0
    if options.calibration:
        quality = DEFAULT_QUALITY if options.quality is None else options.quality
        unit = options.calibration.unit(quality, sum(plan.tensor.size for plan in lossy if plan.sensitivity))
    sizes = workers.in_order(lambda plan: step_for(plan, unit), lossy)
    steps = {plan.position: Step(size) for plan, size in zip(lossy, sizes, strict=True) if size is not None}
    if len(steps) < len(lossy):
        assert options.snr is not None
        steps |= global_step([plan for plan in lossy if not plan.vector], steps, options.snr, workers)
    return steps


def step_for(plan: TensorPlan, unit: float = 0.0) -> float | None:
    """The step for the tensor's fidelity; None where it follows from the SNR of the whole model.

    `unit` is the step at sensitivity 1, where there is a calibration.
    """
    if plan.sensitivity and (mean := float(plan.sensitivity.rows.mean())) > 0:
        return unit / sqrt(mean)
    values = spectrum(plan.tensor)
    fidelity = plan.fidelity
    if fidelity.max_error is not None:
        return 2 * fidelity.max_error
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 1.0
    values = values / largest  # so that squares neither overflow nor underflow
    if plan.vector and (fidelity.quality is not None or not plan.own_fidelity):
        return largest * _vector_step(plan, values)
    if fidelity.snr is not None:
        return largest * _step_of_snr(fidelity.snr, values) * _RDO_LOSS if plan.own_fidelity else None
    assert fidelity.quality is not None
    return largest * _step_of_quality(fidelity.quality, values)


def quality_snr(quality: float) -> float:
    """Signal-to-noise ratio in dB of a large tensor of even rows at a quality: 10 dB at 0, 50 dB at 100."""
    return 10 + 0.4 * quality


def _step_of_snr(snr: float, values: Reals) -> float:
    """Step at which white noise of power step² / 12 has this ratio to the mean square."""
    return sqrt(12 * float(np.mean(values**2))) * 10 ** (-snr / 20)


def _step_of_quality(quality: float, values: Reals) -> float:
    """Step at which the noise relative to each output channel averages to that of the quality.

    Layers are mostly followed by a normalization of their channels, so the noise counts relative to its own channel:
    the signal is the harmonic mean of the rows' mean squares. Small tensors cost few bits, and their errors matter as
    much as those of large ones: they get 1 dB more with every halving below `_LARGE`, up to `_MAX_BONUS`.
    """
    rows = values.reshape(values.shape[0], -1) if values.ndim > 1 else values.reshape(1, -1)
    power = np.mean(rows**2, axis=1)
    power = np.maximum(power, float(power.mean()) * (_DEAD_SHORT_ROW if rows.shape[1] <= _SHORT_ROW else _DEAD_ROW))
    signal = 1 / float(np.mean(1 / power))
    bonus = min(_MAX_BONUS, max(0.0, log2(_LARGE / values.size)))
    return sqrt(12 * signal) * 10 ** (-(quality_snr(quality) + bonus) / 20)


def _vector_step(plan: TensorPlan, values: Reals) -> float:
    """A fine step: biases and norms are few and sensitive; finer still where a variance must stay positive."""
    step = sqrt(float(np.mean(values**2))) / _VECTOR_LEVELS
    if plan.fidelity.quality is not None:
        step = min(step, _step_of_quality(plan.fidelity.quality, values))
    if plan.variance and (values > 0).any():
        step = min(step, float(values[values > 0].min()) / _POSITIVE_LEVELS)
    return step
