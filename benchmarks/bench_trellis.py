"""How far quantization stays above the rate-distortion bound: plain rounding and every trellis, on a Gaussian source.

The rate is the empirical entropy of the levels, each subset of a trellis by itself: what an ideal coder without
contexts needs. The bound at the error found is ½ log2(variance / error) bits. Steps are chosen for about equal errors.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.common import console, save, show
from frcodec.constants import MAX_TRELLIS, MIN_TRELLIS
from frcodec.encoder.decide import TRELLIS_STEP
from frcodec.encoder.viterbi import viterbi
from frcodec.stages import trellis

Reals = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Subsets = npt.NDArray[np.uint8]

STEP = 0.318
"""of plain rounding, in standard deviations: 3.7 bits"""
STEPS, LANES = 2048, 256
PASSES = 4
"""in which levels follow prices and prices levels"""
MAGNITUDES = 128
"""that have a price"""


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_trellis", description=__doc__)
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    source = np.random.default_rng(0).standard_normal((STEPS, LANES))
    rows = [plain(source)]
    for state_bits in range(MIN_TRELLIS, MAX_TRELLIS + 1):
        console.print(f"{1 << state_bits} states", style="dim")
        rows.append(searched(source, state_bits))
    show(f"Bits above the rate-distortion bound, {source.size:,} Gaussian samples", [text(row) for row in rows])
    if not arguments.no_save:
        save("trellis", rows)
    return 0


def plain(source: Reals) -> dict[str, Any]:
    """Every sample to the nearest multiple of the step."""
    levels = np.rint(source / STEP).astype(np.int32)
    return measured(0, source, levels * STEP, levels, np.zeros(levels.shape, np.uint8))


def searched(source: Reals, state_bits: int) -> dict[str, Any]:
    """The best path by the prices that the path before it would have had; the first of all by error alone."""
    step = STEP * TRELLIS_STEP
    contexts = np.zeros(source.shape, np.uint8)
    bits = np.zeros((2, MAGNITUDES))
    for _ in range(PASSES):
        levels, subsets = viterbi(source / step, contexts, bits, state_bits)
        bits = prices(levels, subsets)
    return measured(state_bits, source, trellis.points(levels, subsets) * step, levels, subsets)


def prices(levels: Ints, subsets: Subsets) -> Reals:
    """Bits of each magnitude in each subset [2, magnitudes], sign included."""
    counts = np.stack([np.bincount(np.abs(levels[subsets == u]), minlength=MAGNITUDES) for u in (0, 1)]).astype(float)
    bits: Reals = -np.log2(np.maximum(counts, 0.5) / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    bits[:, 1:] += 1
    return bits


def measured(
    state_bits: int, source: Reals, decoded: npt.NDArray[np.floating[Any]], levels: Ints, subsets: Subsets
) -> dict[str, Any]:
    """Rate, error and how far they are from the bound."""
    rate = sum(entropy(levels[subsets == u]) * float(np.mean(subsets == u)) for u in (0, 1))
    error = float(np.mean(np.square(source - decoded)))
    bound = 0.5 * float(np.log2(np.mean(np.square(source)) / error))
    return {
        "states": 1 << state_bits if state_bits else 0,
        "samples": source.size,
        "rate": round(rate, 4),
        "snr": round(20 * bound * float(np.log10(2)), 3),
        "bound": round(bound, 4),
        "gap": round(rate - bound, 4),
    }


def entropy(levels: Ints) -> float:
    """Bits a level, 0 for none."""
    _, counts = np.unique(levels, return_counts=True)
    shares = counts / max(1, levels.size)
    return -float(np.sum(shares * np.log2(shares)))


def text(row: dict[str, Any]) -> dict[str, str]:
    """A row formatted as text."""
    return {
        "quantizer": f"{row['states']} states" if row["states"] else "plain rounding",
        "rate": f"{row['rate']:.3f}",
        "dB": f"{row['snr']:.2f}",
        "bound": f"{row['bound']:.3f}",
        "gap": f"{row['gap']:.3f}",
    }


if __name__ == "__main__":
    sys.exit(main())
