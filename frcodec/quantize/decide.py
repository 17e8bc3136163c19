"""Rate-distortion optimized decisions: which level a coefficient is rounded to. Nothing here is normative.

    level = argmin (x - q)² + λ · bits(q | context)   over the two levels around x, and 0

x is in steps. At high rate a bit less costs 2 ln 2 / 12 = 0.1155 step² more, which is λ.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

LAMBDA: Final = 0.1155
_BLOCK = 1 << 18


def decide(scaled: Reals, contexts: npt.NDArray[np.intp], bits: npt.NDArray[np.float64]) -> Ints:
    """Levels for coefficients [n] in steps.

    `bits` [contexts, 128] is the cost of each magnitude under each context; larger magnitudes keep the nearest level.
    """
    result = np.empty(scaled.size, np.int32)
    for start in range(0, scaled.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        result[part] = _decide(scaled[part], contexts[part], bits)
    return result


def _decide(scaled: Reals, contexts: npt.NDArray[np.intp], bits: npt.NDArray[np.float64]) -> Ints:
    size = np.abs(scaled)
    low = np.floor(size).astype(np.int32)
    high = low + 1
    largest = bits.shape[1] - 1
    cost_low = (size - low) ** 2 + LAMBDA * bits[contexts, np.minimum(low, largest)]
    cost_high = (size - high) ** 2 + LAMBDA * bits[contexts, np.minimum(high, largest)]
    cost_zero = size**2 + LAMBDA * bits[contexts, 0]
    level = np.where(cost_low <= cost_high, low, high)
    level[cost_zero <= np.minimum(cost_low, cost_high)] = 0
    level = np.where(high > largest, np.rint(size).astype(np.int32), level)
    return np.where(scaled < 0, -level, level).astype(np.int32)
