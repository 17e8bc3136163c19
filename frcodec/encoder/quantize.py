"""Trellis-coded quantization: levels and their stream model, optimized in turn.

The cheapest levels depend on the model's tables, and the best tables on the levels. So both start from a rough guess,
and each is computed from the other a few times. Nothing here is normative.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .. import native
from ..entropy.segments import from_lanes, segments, to_lanes
from ..entropy.stream import Contexts, Quantized, StreamModel, contexts_by_level, magnitude_bits
from ..native import encoder as native_encoder
from . import fit
from .viterbi import find_path, rate_costs

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]
Subsets = npt.NDArray[np.uint8]
Search = Callable[[Reals, Contexts, StreamModel], tuple[Ints, Subsets]]
"""coefficients [n] in steps, the contexts [n] of their levels, the model -> levels and subsets [n]"""

_ROUNDED_UP = 0.4
"""added before truncation; below 0.5 as the smaller level of two usually costs fewer bits"""
_PASSES = 2


def quantize(
    scaled: Reals, shape: tuple[int, ...], magnitudes: Reals | None, state_bits: int, search: Search
) -> tuple[Quantized, StreamModel]:
    """Levels and stream model of coefficients [n] in steps, with n = prod(shape), on a trellis of 2^state_bits states.

    `magnitudes` [shape] are those of the coefficients, None for the levels of a scan; see `fit.fit`.
    """
    subsets = (np.arange(scaled.size) & 1).astype(np.uint8)  # a first guess: a path that alternates between the subsets
    quantized = Quantized(round_in_subsets(scaled, subsets), subsets)
    model = fit.fit(quantized, shape, magnitudes, state_bits)
    for _ in range(_PASSES):
        contexts = contexts_by_level(quantized.points, shape, model)
        quantized = Quantized(*search(scaled, contexts, model))
        model = fit.with_tables(quantized, shape, model)
    return quantized, model


def round_in_subsets(scaled: Reals, subsets: Subsets) -> Ints:
    """Levels of coefficients in steps within given subsets, rounded towards zero a little; shapes broadcast."""
    size: Ints = np.floor((np.abs(scaled) + subsets) * 0.5 + _ROUNDED_UP).astype(np.int32)
    return np.where(scaled < 0, -size, size)


def search_viterbi(scaled: Reals, contexts: Contexts, model: StreamModel) -> tuple[Ints, Subsets]:
    """The path of least rate-distortion cost in every lane: levels and subsets [n]; a `Search`."""
    bits = magnitude_bits(model)
    costs = rate_costs(bits)
    levels, subsets = np.empty(scaled.size, np.int32), np.empty(scaled.size, np.uint8)
    for part in segments(scaled.size):
        if native.enabled():
            path = native_encoder.viterbi(scaled[part], contexts[part], costs, model.lanes, model.state_bits)
            levels[part], subsets[part] = path
            continue
        path = find_path(
            to_lanes(scaled[part], model.lanes), to_lanes(contexts[part], model.lanes), bits, model.state_bits
        )
        size = part.stop - part.start
        levels[part], subsets[part] = from_lanes(path[0], size), from_lanes(path[1], size)
    return levels, subsets
