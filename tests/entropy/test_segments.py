"""Streams of several segments of 2^20 levels, decoded side by side and one by one."""

from __future__ import annotations

import numpy as np
import pytest
from definitions import points_of
from frc_files import decoded_by_core, level_stream

from frcodec.constants import SEGMENT_LEVELS, Code
from frcodec.entropy import stream
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.errors import CorruptError

# 3 segments and a rest in a width that no row of the view divides; columns differ in scale
SHAPE = (3, 1, 1050, 1000)
COUNT = 3 * 1050 * 1000


@pytest.fixture(scope="module")
def flat():
    rng = np.random.default_rng(1)
    width = 2.0 ** (np.arange(1000) % 5)
    return np.rint(rng.laplace(size=(3150, 1000)) * width).astype(np.int32).reshape(-1)


@pytest.fixture(scope="module")
def classes():
    return (None, None, None, np.arange(1000, dtype=np.int64) % 5 * 2)


def _model(lanes_log2, classes=(), state_bits=0):
    tables = tuple(Table(16 - min(i, 12), 6 + i, 1, 6 if state_bits else 0) for i in range(16))
    return StreamModel(lanes_log2, state_bits, ContextModel(1000, 16, 2 if classes else 0, 2, 0, classes), tables)


def _decoded(data, shape):
    """Points, the same with the core and without."""
    points, _ = stream.decode(data, shape)
    assert np.array_equal(decoded_by_core(data, shape), points)
    return points


@pytest.mark.parametrize("state_bits", [0, 8])
@pytest.mark.parametrize("lanes_log2", [9, 12])
def test_segments_come_back(flat, classes, lanes_log2, state_bits):
    model = _model(lanes_log2, classes, state_bits)
    assert np.array_equal(_decoded(level_stream(flat, SHAPE, model), SHAPE), points_of(flat, model))


@pytest.mark.parametrize("state_bits", [0, 3])
def test_segments_do_not_see_each_other(flat, state_bits):
    """A segment alone has the words that it has among others: contexts, trellis and lanes start afresh."""
    model = _model(10, state_bits=state_bits)
    two = flat[: 2 * SEGMENT_LEVELS]
    both = level_stream(two, two.shape, model)
    alone = [level_stream(part, part.shape, model) for part in np.split(two, 2)]
    head = len(alone[0]) - len(_body(alone[0], model))
    assert both.endswith(_body(alone[0], model) + alone[1][head:])


def _body(data, model):
    bits = stream.BitWriter()
    model.write(bits)
    return data[len(bits.getvalue()) :]


def test_a_full_segment_and_one_more_level():
    flat = np.zeros(SEGMENT_LEVELS + 1, np.int32)
    flat[-1] = -7
    for count in (SEGMENT_LEVELS, SEGMENT_LEVELS + 1):
        coded = level_stream(flat[:count], (count,), _model(8))
        assert np.array_equal(_decoded(coded, (count,)), flat[:count])


def test_sizes_of_segments_that_leave_the_stream_are_refused(flat):
    part = flat[: SEGMENT_LEVELS + 5]
    data = level_stream(part, part.shape, _model(6))
    with pytest.raises(CorruptError) as caught:
        stream.decode(data[: len(data) // 2], part.shape)
    assert caught.value.code == Code.BAD_STREAM


def test_more_levels_than_bytes_are_refused_before_they_are_allocated():
    data = level_stream(np.zeros(10, np.int32), (10,), _model(0))
    with pytest.raises(CorruptError) as caught:
        stream.decode(data, (1 << 36,))
    assert caught.value.code == Code.BAD_STREAM
