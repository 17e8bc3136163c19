"""Tensors from points: the core works in parts and in blocks of the cache, and gives NumPy's elements all the same."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from both import TARGETS, instructions, outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, layers, levels

from frcodec.constants import Code
from frcodec.decoder import level_stream as streams
from frcodec.native import decoder as native_decoder
from frcodec.stages import layer
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import code_near
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES

CASES = [
    # shape, axes, block, region
    ((70, 60, 3, 3), (2, 3), 0, None),  # short axes behind long free ones
    ((64, 48, 3, 3), (0, 1, 2, 3), 0, Scan(33)),
    ((64, 48, 3, 3), (0, 1, 2, 3), 0, Scan(20000)),
    ((700, 600), (0, 1), 0, None),  # no free axis: rows of the first axis are shared out
    ((601, 333), (0, 1), 0, Box((301, 7))),
    ((600, 512), (0,), 0, Box((40, 512))),
    ((600, 512), (0,), 0, Box((40, 100))),
    ((600, 512), (1,), 0, None),
    ((5, 1, 4096), (2,), 0, Box((5, 1, 17))),
    ((3, 4096, 100), (1, 2), 0, Box((3, 5, 99))),
    ((9, 200, 100, 2), (1, 2), 0, None),  # too much for one part
    ((33, 7, 40, 5), (0, 2), 0, Box((32, 6, 39, 4))),
    ((33, 7, 40, 5), (1, 3), 0, Scan(9000)),
    ((1, 1, 1), (0, 2), 0, None),
    ((5001,), (0,), 4, Box((4999,))),
    ((300, 333), (0, 1), 5, None),
    ((300, 333), (0, 1), 5, Box((64, 65))),
    ((300, 333), (0, 1), 5, Scan(900)),
    ((70, 5, 333), (0, 2), 11, Box((70, 5, 200))),
    ((17, 19, 23), (0, 1, 2), 1, Box((16, 19, 22))),
    ((1000, 900), (1,), 0, Scan(700000)),  # a long scan prefix waits among its elements
    ((1000, 900), (), 0, Scan(700000)),
    ((50, 40, 6), (), 0, Box((49, 39, 5))),
    ((50, 40, 6), (), 0, Box((49, 40, 6))),
]


def by_core(made: Layer, points: np.ndarray) -> bytes:
    elements = np.full(made.shape, 0xAB, np.uint8).astype(made.dtype.storage)
    native_decoder.fill(streams._destination(made, elements), points)
    return elements.tobytes()


def agreed(made: Layer, points: np.ndarray) -> object:
    """What NumPy makes of the points; the core must make the same of them on every set of instructions."""
    expected = outcome(lambda: layer.decode(points, made, None).tobytes())
    for target in TARGETS:
        with instructions(target):
            assert outcome(lambda: by_core(made, points)) == expected, target
    return expected


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize(("shape", "axes", "block", "region"), CASES)
def test_shapes(shape, axes, block, region, dtype):
    region = region or Box(shape)
    rng = np.random.default_rng(prod(shape))
    points = np.rint(rng.laplace(scale=20, size=region.count)).astype(np.int32)
    made = Layer(DTYPES[dtype], shape, Transform(axes, block), region, code_near(0.001))
    assert isinstance(agreed(made, points), bytes)


@given(layers(max_size=3000), st.data(), SEEDS)
@settings(max_examples=200)
def test_any_layer(made, data, seed):
    points = data.draw(levels(made.region.count))
    if seed % 2:  # small enough for an exact transform
        points = points % 2001 - 1000
    agreed(made, points.astype(np.int32))


@pytest.mark.parametrize("size", [1 << 22, (1 << 22) + 1, 1 << 23, 1 << 30])
@pytest.mark.parametrize("shape", [(7,), (7, 2)])
def test_the_most_energy_of_a_transform(size, shape):
    points = np.zeros(prod(shape), np.int32)
    points[3] = -size
    made = Layer(DTYPES["float32"], shape, Transform((0,)), Box(shape), code_near(1.0))
    found = agreed(made, points)
    assert found == Code.BAD_RECORD if size > 1 << 22 else isinstance(found, bytes)


def test_energy_of_many_points_does_not_wrap():
    shape = (64, 4096)
    points = np.full(prod(shape), 1 << 30, np.int32)
    made = Layer(DTYPES["float32"], shape, Transform((1,)), Box(shape), code_near(1.0))
    assert agreed(made, points) == Code.BAD_RECORD


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("transformed", [False, True])
def test_zeros_are_zeros_whatever_the_memory_held(dtype, transformed):
    shape = (40, 30)
    made = Layer(DTYPES[dtype], shape, Transform((1,) if transformed else ()), Box((4, 5)), code_near(1.0))
    assert not np.frombuffer(agreed(made, np.zeros(20, np.int32)), np.uint8).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("transformed", [False, True])
def test_what_does_not_fit_is_refused(dtype, transformed):
    made = Layer(DTYPES[dtype], (2,), Transform((0,) if transformed else ()), Box((2,)), code_near(2.0**127))
    assert agreed(made, np.array([0, 1000], np.int32)) == Code.BAD_VALUE
