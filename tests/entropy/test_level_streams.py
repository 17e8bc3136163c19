"""Levels to streams and back, under any model of contexts, tables and lanes."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from definitions import points_of, quantized
from frc_files import decoded_by_core, level_stream
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import levels, levels_under, shapes, stream_models

from frcodec import native
from frcodec.constants import MAX_LEVEL, MAX_TRELLIS, MIN_TRELLIS, Code
from frcodec.encoder import fit
from frcodec.entropy import stream
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import Quantized, StreamModel
from frcodec.entropy.tables import Table
from frcodec.errors import CorruptError

TRELLISES = (0, *range(MIN_TRELLIS, MAX_TRELLIS + 1))


def _simple(table=None, lanes_log2=0, state_bits=0):
    return StreamModel(lanes_log2, state_bits, ContextModel(1, 1), (table or Table(24, 8, 0),))


def _comes_back(flat, shape, model):
    """The points of the levels are those that are decoded, with the core and without."""
    data = level_stream(flat, shape, model)
    points, row_steps = stream.decode(data, shape)
    assert (row_steps is None) == (model.row_steps is None)
    if row_steps is None:
        assert np.array_equal(decoded_by_core(data, shape), points)
    else:
        assert row_steps.tolist() == model.row_steps.tolist()
    return np.array_equal(points, points_of(flat, model))


@settings(max_examples=300)
@given(st.data())
def test_any_levels_under_any_model(data):
    shape = data.draw(shapes(max_size=1500))
    model = data.draw(stream_models(shape))
    assert _comes_back(data.draw(levels_under(model, prod(shape))), shape, model)


@settings(max_examples=100)
@given(st.data())
def test_the_core_writes_the_same_bytes(data):
    shape = data.draw(shapes(max_size=1500))
    model = data.draw(stream_models(shape))
    flat = data.draw(levels_under(model, prod(shape)))
    found = []
    for core in (True, False):
        with native.using(core):
            found.append(level_stream(flat, shape, model))
    assert found[0] == found[1]


@pytest.mark.parametrize("lanes_log2", range(13))
@pytest.mark.parametrize("size", [0, 1, 2, 4095, 4096, 4097, 9001])
def test_lanes_without_levels(size, lanes_log2):
    """Fewer levels than lanes, as many, and a shorter last lane."""
    flat = np.random.default_rng(size).integers(-40, 41, size).astype(np.int32)
    for state_bits in (0, 5):
        assert _comes_back(flat, (size,), _simple(Table(24, 8, 0, 6 if state_bits else 0), lanes_log2, state_bits))


@pytest.mark.parametrize("state_bits", TRELLISES)
def test_every_scale_with_levels_up_to_the_largest(state_bits):
    """All shifts, and escapes of every size on both sides, in both subsets."""
    largest = MAX_LEVEL // 2 if state_bits else MAX_LEVEL
    powers = (1 << np.arange(31)).astype(np.int64)
    values = np.concatenate([[0], powers, powers - 1, powers[:-1] + 1]).clip(0, largest)
    flat = np.concatenate([values, -values]).astype(np.int32)
    for scale in range(64):
        table = Table(20, scale, scale // 4 % 4, scale if state_bits else 0)
        assert _comes_back(flat, flat.shape, _simple(table, scale % 4, state_bits))


@pytest.mark.parametrize("level", [MAX_LEVEL // 2 + 1, -(MAX_LEVEL // 2) - 1, MAX_LEVEL - 1, -MAX_LEVEL])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_points_beyond_the_largest_level_are_refused(level, before):
    """In both subsets."""
    flat = np.array([*[1] * before, level], np.int32)
    model = _simple(Table(24, 8, 0, 6), 0, 3)
    for decode in (stream.decode, decoded_by_core):
        with pytest.raises(CorruptError) as caught:
            decode(level_stream(flat, flat.shape, model), flat.shape)
        assert caught.value.code == Code.BAD_STREAM


@example(flat=np.zeros(0, np.int32))
@example(flat=np.full(1000, MAX_LEVEL, np.int32))
@example(flat=np.zeros(5000, np.int32))
@given(flat=st.integers(0, 600).flatmap(levels))
def test_fitted_models(flat):
    assert _comes_back(flat, flat.shape, fit.fit(Quantized(flat), flat.shape, np.abs(flat).astype(float)))
    halved = quantized(flat // 2, _simple(state_bits=5))  # in one lane, as the model may have it
    model = fit.fit(halved, flat.shape, np.abs(flat).astype(float), 5)
    assert _comes_back(flat // 2, flat.shape, model)


@pytest.mark.parametrize("width", [0.1, 1.0, 10.0, 1000.0])
def test_size_is_near_the_entropy(width):
    flat = np.rint(np.random.default_rng(3).laplace(scale=width, size=50_000)).astype(np.int32)
    _, counts = np.unique(flat, return_counts=True)
    entropy = float(-(counts * np.log2(counts / flat.size)).sum()) / 8
    coded = len(level_stream(flat, flat.shape, fit.fit(Quantized(flat), flat.shape)))
    assert coded < 1.02 * entropy + 40
    assert abs(fit.estimate(Quantized(flat), flat.shape).bits / 8 - coded) < 0.03 * coded + 20


def test_the_same_levels_give_the_same_bytes():
    flat = np.random.default_rng(4).integers(-9, 10, 3000).astype(np.int32)
    assert len({level_stream(flat.copy(), (30, 100), fit.fit(Quantized(flat), (30, 100))) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[:-2], lambda d: d + b"\0", lambda d: d + b"\0\0", lambda d: d[:6]]
)
def test_wrong_sizes_are_noticed(change):
    flat = np.random.default_rng(5).integers(-9, 10, 300).astype(np.int32)
    data = level_stream(flat, flat.shape, _simple())
    with pytest.raises(CorruptError) as caught:
        stream.decode(change(data), flat.shape)
    assert caught.value.code == Code.BAD_STREAM


def test_every_flipped_bit_behind_the_header_changes_the_levels_or_is_noticed():
    """rANS has no redundant bits: what decodes at all decodes to something else."""
    flat = np.random.default_rng(6).integers(-9, 10, 60).astype(np.int32)
    data = level_stream(flat, flat.shape, _simple(lanes_log2=1))
    assert _comes_back(flat, flat.shape, _simple(lanes_log2=1))
    for bit in range(8 * 4, 8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            assert not np.array_equal(stream.decode(bytes(damaged), flat.shape)[0], flat)
        except CorruptError as error:
            assert error.code == Code.BAD_STREAM
