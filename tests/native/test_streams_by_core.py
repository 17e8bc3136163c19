"""Whole streams: the core and NumPy give the same elements, and the same codes for damaged ones."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from both import TARGETS, agreed, instructions
from definitions import quantized
from frc_files import level_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, layers, levels_under, stream_models, takes_row_steps

from frcodec import native
from frcodec.constants import MAX_NEIGHBOR_SUM
from frcodec.container.reader import Reader
from frcodec.decoder import level_stream as streams
from frcodec.decoder.decode import Decoder
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.native import _core
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box
from frcodec.stages.steps import code_near, step_of
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES
from frcodec.work import Workers

VECTORS = sorted((Path(__file__).parents[2] / "spec" / "vectors").glob("*/*.frc"))


def decoded(data: bytes, made: list[Layer]) -> object:
    """The elements of all tensors of a stream as bytes, or the code of an error, which all agree on."""
    return agreed(lambda: [array.tobytes() for array in streams.decode(data, made)])


@st.composite
def coded(draw: st.DrawFn) -> tuple[bytes, list[Layer]]:
    """A stream and its layers."""
    made = draw(st.lists(layers(), min_size=1, max_size=3))
    shape = made[0].region.level_shape() if len(made) == 1 else (sum(each.region.count for each in made),)
    model = draw(stream_models(shape, 6, row_steps=len(made) == 1 and takes_row_steps(made[0])))
    size = int(np.prod(shape, dtype=np.int64))
    return level_stream(draw(levels_under(model, size)), shape, model), made


@given(coded())
@settings(max_examples=150)
def test_sound_streams(drawn):
    decoded(*drawn)


@given(coded(), SEEDS)
@settings(max_examples=150)
def test_damaged_streams(drawn, seed):
    data, made = drawn
    rng = np.random.default_rng(seed)
    broken = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        if broken:
            broken[rng.integers(len(broken) if rng.random() < 0.5 else min(len(broken), 40))] ^= 1 << rng.integers(8)
    if rng.random() < 0.3:
        broken = broken[: rng.integers(len(broken) + 1)]
    elif rng.random() < 0.2:
        broken += rng.bytes(rng.integers(1, 9))
    decoded(bytes(broken), made)


@given(coded())
@settings(max_examples=20)
def test_every_truncation(drawn):
    data, made = drawn
    for end in range(0, len(data), 1 + len(data) // 50):
        assert isinstance(decoded(data[:end], made), int)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_vectors(path):
    def entries():
        with Reader(path) as reader:
            decoder = Decoder(reader)
            return [decoder.entry(position).tobytes() for position in range(len(reader.index.records))]

    agreed(entries)


def plain(shape: tuple[int, ...], dtype: str = "float32") -> Layer:
    """All of a tensor without a transform."""
    return Layer(DTYPES[dtype], shape, Transform(), Box(shape), code_near(0.01))


def test_every_sum_of_neighbours_has_its_class():
    """Each sum is that of a level behind |point| = T; a wrong context would lead to another table and out of step."""
    largest = MAX_NEIGHBOR_SUM + 2
    levels = np.zeros(3 * largest, np.int32)
    levels[::3] = np.arange(largest)
    tables = tuple(Table(zero, 20 + zero % 40, zero % 4) for zero in range(64))
    model = StreamModel(0, 0, ContextModel(60000, 64, wn=8), tables, None)
    data = level_stream(levels, model=model)
    expected = (levels * np.float64(0.01)).size
    found = decoded(data, [plain(levels.shape)])
    assert isinstance(found, list) and len(found[0]) == 4 * expected


@pytest.mark.parametrize("lanes_log2", [0, 1, 3, 5, 8, 12])
@pytest.mark.parametrize("state_bits", [0, 3, 8])
@pytest.mark.parametrize("target", TARGETS)
def test_several_segments(lanes_log2, state_bits, target):
    shape = (1025, 1030)
    rng = np.random.default_rng(lanes_log2)
    levels = np.rint(rng.laplace(scale=3, size=shape) * np.exp(rng.normal(size=(shape[0], 1)))).astype(np.int32)
    classes = (rng.integers(-3, 3, shape[0]), None)
    context = ContextModel(1030, 20, 4, 4, 3, classes)
    tables = tuple(Table(40 - number, number + 4, number % 4, number % 3) for number in range(20))
    model = StreamModel(lanes_log2, state_bits, context, tables, None)
    made = replace(plain(shape), dtype=DTYPES["float64"])
    with native.using(True), instructions(target):
        (found,) = streams.decode(level_stream(levels, shape, model), [made])
    points = quantized(levels.reshape(-1), model).points.reshape(shape)
    assert np.array_equal(found, points * step_of(made.step))


def test_threads_change_nothing():
    shape = (1500, 1500)
    rng = np.random.default_rng(1)
    levels = np.rint(rng.laplace(scale=2, size=shape)).astype(np.int32).reshape(-1)
    model = StreamModel(8, 0, ContextModel(1500, 1), (Table(24, 8, 1),), None)
    data = level_stream(levels, shape, model)
    made = replace(plain(shape), transform=Transform((1,)))
    decoded = []
    for threads in (1, 4):
        with native.using(True), Workers(threads) as workers:
            decoded.append(streams.decode(data, [made], workers)[0].tobytes())
    assert decoded[0] == decoded[1]


@pytest.mark.parametrize("target", TARGETS)
@given(st.binary(max_size=400), st.integers(0, 2**32 - 1))
def test_checksums(target, data, before):
    with instructions(target):
        assert _core.crc32(data, before) == zlib.crc32(data, before)
        assert _core.crc32(memoryview(data * 3)[1:]) == zlib.crc32((data * 3)[1:])
