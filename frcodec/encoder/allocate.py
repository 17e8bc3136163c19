"""How much error each tensor may have, as the step of plain rounding that makes it: from targets to numbers."""

from __future__ import annotations

from math import log2, sqrt

import numpy as np
import numpy.typing as npt

from ..stages.spectral import spectrum
from .plan import TensorPlan

Reals = npt.NDArray[np.float64]

_VECTOR_LEVELS = 256
"""levels per root mean square that biases and norms get at least: about 59 dB, 10 bits"""
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
_POSITIVE_LEVELS = 8
"""levels that the smallest variance of a norm gets at least"""


def step_for(plan: TensorPlan, unit: float = 0.0) -> float | None:
    """The step that the tensor's own target asks for; None where an SNR of the whole model decides.

    `unit` is the step of a tensor whose sensitivity is 1, where there is a calibration.
    """
    if plan.sensitivity and (mean := float(plan.sensitivity.rows.mean())) > 0:
        return unit / sqrt(mean)
    values = spectrum(plan.tensor)
    target = plan.target
    if target.max_error is not None:
        return 2 * target.max_error
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 1.0
    values = values / largest  # so that no square overflows or vanishes
    if plan.vector and (target.quality is not None or not plan.own_target):
        return largest * _vector_step(plan, values)
    if target.snr is not None:
        return largest * _step_of_snr(target.snr, values) * _RATIO_OF_RDO if plan.own_target else None
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


def _vector_step(plan: TensorPlan, values: Reals) -> float:
    """Biases and norms are few and matter much: a fine step, finer where a variance must stay positive."""
    step = sqrt(float(np.mean(values**2))) / _VECTOR_LEVELS
    if plan.target.quality is not None:
        step = min(step, _step_of_quality(plan.target.quality, values))
    if plan.variance and (values > 0).any():
        step = min(step, float(values[values > 0].min()) / _POSITIVE_LEVELS)
    return step
