"""Levels to streams and back, under any model of contexts, tables and lanes."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import levels, shapes, stream_models

from frcodec.constants import MAX_LEVEL, Code
from frcodec.entropy import fit, stream
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.errors import CorruptError


def _simple(table=None, lanes_log2=0):
    return StreamModel(lanes_log2, ContextModel(1, 1), (table or Table(24, 8, 0),))


@settings(max_examples=300)
@given(st.data())
def test_any_levels_under_any_model(data):
    shape = data.draw(shapes(max_size=1500))
    model = data.draw(stream_models(shape))
    flat = data.draw(levels(prod(shape)))
    assert np.array_equal(stream.decode(stream.encode(flat, shape, model), shape), flat)


@pytest.mark.parametrize("lanes_log2", range(13))
@pytest.mark.parametrize("size", [0, 1, 2, 4095, 4096, 4097, 9001])
def test_lanes_without_levels(size, lanes_log2):
    """Fewer levels than lanes, as many, and a shorter last lane."""
    flat = np.random.default_rng(size).integers(-40, 41, size).astype(np.int32)
    coded = stream.encode(flat, (size,), _simple(lanes_log2=lanes_log2))
    assert np.array_equal(stream.decode(coded, (size,)), flat)


@pytest.mark.parametrize("shape", range(4))
def test_every_scale_with_levels_up_to_the_largest(shape):
    """All shifts, and escapes of every size on both sides."""
    powers = (1 << np.arange(31)).astype(np.int64)
    values = np.concatenate([[0], powers, powers - 1, powers[:-1] + 1]).clip(0, MAX_LEVEL)
    flat = np.concatenate([values, -values]).astype(np.int32)
    for scale in range(64):
        model = _simple(Table(20, scale, shape), lanes_log2=scale % 4)
        assert np.array_equal(stream.decode(stream.encode(flat, flat.shape, model), flat.shape), flat)


@example(flat=np.zeros(0, np.int32))
@example(flat=np.full(1000, MAX_LEVEL, np.int32))
@example(flat=np.zeros(5000, np.int32))
@given(flat=st.integers(0, 600).flatmap(levels))
def test_fitted_models(flat):
    fitted = fit.fit(flat, flat.shape, np.abs(flat).astype(float))
    coded = stream.encode(flat, flat.shape, fitted.model)
    assert np.array_equal(stream.decode(coded, flat.shape), flat)


@pytest.mark.parametrize("width", [0.1, 1.0, 10.0, 1000.0])
def test_size_is_near_the_entropy(width):
    flat = np.rint(np.random.default_rng(3).laplace(scale=width, size=50_000)).astype(np.int32)
    _, counts = np.unique(flat, return_counts=True)
    entropy = float(-(counts * np.log2(counts / flat.size)).sum()) / 8
    fitted = fit.fit(flat, flat.shape)
    coded = len(stream.encode(flat, flat.shape, fitted.model))
    assert coded < 1.02 * entropy + 40
    assert abs(fitted.bits / 8 - coded) < 0.03 * coded + 20


def test_the_same_levels_give_the_same_bytes():
    flat = np.random.default_rng(4).integers(-9, 10, 3000).astype(np.int32)
    assert len({stream.encode(flat.copy(), (30, 100), fit.fit(flat, (30, 100)).model) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[:-2], lambda d: d + b"\0", lambda d: d + b"\0\0", lambda d: d[:6]]
)
def test_wrong_sizes_are_noticed(change):
    flat = np.random.default_rng(5).integers(-9, 10, 300).astype(np.int32)
    data = stream.encode(flat, flat.shape, _simple())
    with pytest.raises(CorruptError) as caught:
        stream.decode(change(data), flat.shape)
    assert caught.value.code == Code.BAD_STREAM


def test_every_flipped_bit_behind_the_header_changes_the_levels_or_is_noticed():
    """rANS has no redundant bits: what decodes at all decodes to something else."""
    flat = np.random.default_rng(6).integers(-9, 10, 60).astype(np.int32)
    data = stream.encode(flat, flat.shape, _simple(lanes_log2=1))
    for bit in range(8 * 4, 8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            assert not np.array_equal(stream.decode(bytes(damaged), flat.shape), flat)
        except CorruptError as error:
            assert error.code == Code.BAD_STREAM
