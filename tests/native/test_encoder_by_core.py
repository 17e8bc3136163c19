"""The encoder's loops: the core makes the bytes that NumPy makes, on every set of instructions."""

from __future__ import annotations

import numpy as np
import pytest
from both import agreed
from frc_files import level_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from saving import saved
from strategies import SEEDS, levels_under, shapes, stream_models

from frcodec.constants import MAX_TRELLIS, MIN_TRELLIS
from frcodec.encoder import fit
from frcodec.encoder.quantize import search_viterbi
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import Quantized, StreamModel, contexts_by_level
from frcodec.entropy.tables import Table


@st.composite
def drawn(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...], StreamModel]:
    """Levels, their shape, and any model that can code them."""
    shape = draw(shapes(min_rank=1))
    model = draw(stream_models(shape, 6))
    return draw(levels_under(model, int(np.prod(shape, dtype=np.int64)))), shape, model


@given(drawn())
@settings(max_examples=100)
def test_streams(made):
    levels, shape, model = made
    assert isinstance(agreed(lambda: level_stream(levels, shape, model)), bytes)


@given(drawn())
@settings(max_examples=100)
def test_contexts(made):
    levels, shape, model = made
    agreed(lambda: contexts_by_level(levels, shape, model).tobytes())


@given(drawn(), st.booleans())
@settings(max_examples=60)
def test_fitted_models(made, classes):
    """Which are made of what the core counts."""
    levels, shape, _ = made
    magnitudes = np.abs(levels.reshape(shape)).astype(np.float64) if classes else None
    agreed(lambda: repr(fit.fit(Quantized(levels), shape, magnitudes)))


@given(st.integers(MIN_TRELLIS, MAX_TRELLIS), st.integers(0, 6), st.integers(1, 400), SEEDS)
@settings(max_examples=60)
def test_paths(state_bits, lanes_log2, count, seed):
    rng = np.random.default_rng(seed)
    scaled = rng.laplace(size=count) * 2.0 ** rng.uniform(-3, 9)
    tables = tuple(Table(30 - number, 6 + 5 * number, number % 4, number) for number in range(4))
    model = StreamModel(lanes_log2, state_bits, ContextModel(7, 4, 4, 0, 3), tables)
    contexts = contexts_by_level(np.rint(scaled).astype(np.int32), (count,), model)

    def path() -> list[bytes]:
        return [values.tobytes() for values in search_viterbi(scaled, contexts, model)]

    assert isinstance(agreed(path), list)


@pytest.mark.parametrize("asked", [{}, {"quality": 5.0}, {"snr": 20.0}, {"max_error": 0.02}], ids=str)
def test_files(asked):
    rng = np.random.default_rng(4)
    smooth = np.cumsum(rng.normal(size=(30, 20, 9)), axis=2)
    tensors = {
        "conv.weight": smooth / smooth.std(),
        "fc.weight": rng.laplace(size=(70, 64)) * np.exp(rng.normal(size=(70, 1))),
        "fc.bias": rng.normal(size=64),
        "codes": np.rint(rng.normal(size=(70, 64)) * 9).astype(np.int8),
    }
    assert isinstance(agreed(lambda: saved(tensors, **asked)), bytes)
