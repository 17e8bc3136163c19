"""What a model's output makes of errors in its weights: measured once with some inputs, used to share out the error.

An error e in a row i of a weight matrix (what all kernels of an output channel have together is a row) changes the
output by about rows[i] · eᵀ H e, squared and summed over all outputs, where H is the second moment of what the row is
multiplied with, scaled to a mean diagonal of 1.
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
"""of the output's predicted signal-to-noise ratio for each unit of quality"""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How one tensor's errors show in the output."""

    rows: Reals
    """[rows] squared change of the output for white errors of power 1 in one weight of the row"""
    moments: npt.NDArray[np.float32] | None = None
    """H [columns, columns]; None if it is unknown"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The sensitivities of a model's tensors, by name; `frcodec.calibrate` measures them."""

    signal: float
    """variance of the output, summed like the sensitivities"""
    tensors: Mapping[str, Sensitivity]

    def unit(self, quality: float, weights: int) -> float:
        """The step of plain rounding for a tensor of sensitivity 1.

        If each of `weights` weights has such an error, the output has 0.4 dB of signal-to-noise ratio for each unit of
        quality, as far as errors are small and independent.
        """
        if not self.signal > 0:
            raise UsageError(Code.BAD_OPTION, "The model's output is the same for all calibration inputs: use others.")
        return sqrt(12 * self.signal / max(1, weights)) * 10 ** (-DECIBELS * quality / 20)
