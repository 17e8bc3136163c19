"""The textbook codec: one uniform step for the whole model, rounding, and order-0 static entropy coding.

Levels are not really coded: the size is the ideal code length under the tables a static rANS coder would use, so the
figures are a lower bound for such a coder. Tensors of one dimension and integers are stored as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_codec import Coded, Tensors, is_weight

TABLE_BITS = 12
"""frequencies of a table sum to 2^12"""
ESCAPE = 127
"""larger magnitudes are coded by one escape symbol, a sign and an Elias gamma code"""

SAMPLE = 1 << 20


@dataclass(frozen=True)
class Quantized:
    """What a decoder would have got out of the file."""

    step: float
    levels: dict[str, NDArray[np.int32]]
    exact: Tensors


class Uniform:
    """Settings are signal-to-noise ratios over all weights: "26 dB"."""

    packages = ("numpy",)

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """Quantize by the step for the ratio; count bytes."""
        weights = {name: array for name, array in tensors.items() if is_weight(array)}
        step = step_for(list(weights.values()), float(setting.split()[0]))
        levels = {name: np.rint(array / step).astype(np.int32) for name, array in weights.items()}
        exact = {name: array for name, array in tensors.items() if name not in weights}
        size = sum(code_bytes(level) for level in levels.values()) + sum(array.nbytes for array in exact.values())
        return Coded(size, Quantized(step, levels, exact))

    def decode(self, content: Any) -> Tensors:
        """Level times step."""
        weights = {name: (level * content.step).astype(np.float32) for name, level in content.levels.items()}
        return {**weights, **content.exact}


def step_for(weights: list[NDArray[np.float32]], decibels: float) -> float:
    """The step whose rounding noise is so far below the weights, as a million of them evenly taken tell."""
    every = max(1, sum(array.size for array in weights) // SAMPLE)
    weights = [array.ravel()[::every] for array in weights]
    power = sum(squares(array) for array in weights)
    allowed = power / 10 ** (decibels / 10)
    low, high = np.log2(np.sqrt(12 * allowed / sum(array.size for array in weights))) + np.array([-1.0, 3.0])
    while high - low > 0.001:
        middle = (low + high) / 2
        step = 2.0**middle
        noise = sum(squares(array - np.rint(array / step) * step) for array in weights)
        low, high = (middle, high) if noise < allowed else (low, middle)
    return float(2.0**low)


def squares(array: NDArray[Any]) -> float:
    """Sum of squares."""
    flat = array.ravel().astype(np.float64)
    return float(flat @ flat)


def code_bytes(levels: NDArray[np.int32]) -> int:
    """Bytes of a tensor: step and range, table, levels."""
    outside = np.abs(levels) > ESCAPE
    inside = levels[~outside]
    counts = np.append(np.bincount(inside + ESCAPE, minlength=2 * ESCAPE + 1), np.count_nonzero(outside))
    used = np.flatnonzero(counts)
    width = int(used[-1] - used[0] + 1) if used.size else 0
    frequencies = normalized(counts[used])
    bits = 8 * 8 + TABLE_BITS * width + float(counts[used] @ (TABLE_BITS - np.log2(frequencies)))
    rest = np.abs(levels[outside]) - ESCAPE
    bits += float((2 + 2 * np.floor(np.log2(rest))).sum())
    return int(np.ceil(bits / 8))


def normalized(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frequencies of at least 1 that sum to 2^TABLE_BITS; the largest one takes what rounding leaves."""
    total = 1 << TABLE_BITS
    rounded = np.rint(counts * (total / max(1, counts.sum())))
    frequencies = np.asarray(np.maximum(1, rounded), np.int64)
    if frequencies.size:
        frequencies[frequencies.argmax()] += total - frequencies.sum()
    return frequencies
