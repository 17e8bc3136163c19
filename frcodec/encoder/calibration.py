"""Sensitivity of a model's output to errors in its weights, measured with sample inputs and used to allocate errors.

    Σ (change of output)² ≈ rows[i] · eᵀ H e      for an error e in row i of a weight matrix

A row holds all weights of one output channel. H is the second moment of the inputs that the row is multiplied with,
scaled to a mean diagonal of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import UsageError

Reals = npt.NDArray[np.float64]

DECIBELS: Final = 0.4
"""of predicted signal-to-noise ratio of the output per unit of quality"""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Effect of one tensor's errors on the output."""

    rows: Reals
    """[rows] squared change of the output per squared error of one weight, mean over the row"""
    moments: npt.NDArray[np.float32] | None = None
    """H [columns, columns]; None where it was not measured"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The sensitivities of a model's tensors, by name; `frcodec.calibrate` measures them."""

    signal: float
    """squared deviation of the output from its mean, summed over the same inputs and outputs as the sensitivities"""
    tensors: Mapping[str, Sensitivity]

    def unit(self, quality: float, weights: int) -> float:
        """The step of plain rounding for a tensor of sensitivity 1, among `weights` weights in all.

        With such errors in every weight, small and independent, the output has a signal-to-noise ratio of
        0.4 dB · quality. Raises UsageError (bad_option) where the output is constant.
        """
        if not self.signal > 0:
            raise UsageError(Code.BAD_OPTION, "The model's output is the same for all calibration inputs: use others.")
        return sqrt(12 * self.signal / max(1, weights)) * 10 ** (-DECIBELS * quality / 20)
