"""Contexts: the arrays of the package against the definition, one level at a time."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from definitions import contexts_of, points_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import levels_under, shapes, stream_models

from frcodec import native
from frcodec.constants import MAX_NEIGHBOR_SUM, Code
from frcodec.entropy.bits import BitReader, BitWriter
from frcodec.entropy.contexts import NEIGHBOR_CLASS, ContextModel
from frcodec.entropy.stream import contexts_by_level
from frcodec.errors import CorruptError


@settings(max_examples=150)
@given(st.data())
def test_contexts_follow_their_definition(data):
    """With the core and without: neighbours are points, classes add up, lanes do not see each other."""
    shape = data.draw(shapes(max_size=120, min_rank=1, min_side=1))
    model = data.draw(stream_models(shape, max_lanes_log2=5))
    points = points_of(data.draw(levels_under(model, prod(shape))), model)
    expected = contexts_of(points, shape, model)
    for core in (True, False):
        with native.using(core):
            assert contexts_by_level(points, shape, model).tolist() == expected


def test_neighbor_classes_are_quarter_octaves():
    for t in range(1, MAX_NEIGHBOR_SUM + 1):
        n = int(NEIGHBOR_CLASS[t]) - 1
        assert 2**n <= t**4 < 2 ** (n + 1)
    assert NEIGHBOR_CLASS[0] == 0


@pytest.mark.parametrize(("largest", "sums"), [(254, 2047), (-256, -2047)])
def test_sums_of_classes_are_limited(largest, sums):
    classes = (np.array([0, largest], np.int64),) * 11
    found = ContextModel(1, 1, 3, 0, 0, classes).axis_sum((2,) * 11)
    assert found[-1] == 3 * sums
    assert found[1] == 3 * largest
    assert np.abs(found).max() == 3 * abs(sums)


@given(st.data())
def test_headers_come_back(data):
    shape = data.draw(shapes(max_size=200))
    model = data.draw(stream_models(shape))
    bits = BitWriter()
    model.write(bits)
    again = type(model).read(BitReader(bits.getvalue()), shape)
    assert (again.lanes_log2, again.state_bits, again.tables) == (model.lanes_log2, model.state_bits, model.tables)
    assert (again.row_steps is None) == (model.row_steps is None)
    assert again.row_steps is None or again.row_steps.tolist() == model.row_steps.tolist()
    ours, theirs = model.context, again.context
    assert (ours.row_length, ours.contexts, ours.wp, ours.wn, ours.base) == (
        theirs.row_length, theirs.contexts, theirs.wp, theirs.wn, theirs.base
    )  # fmt: skip
    for mine, other in zip(ours.axis_classes, theirs.axis_classes, strict=True):
        assert (mine is None) == (other is None)
        assert mine is None or mine.tolist() == other.tolist()


def _header(row=1, contexts=1, base=0, classes=()):
    bits = BitWriter()
    bits.gamma(row - 1)
    bits.gamma(contexts - 1)
    bits.field(1 if classes else 0, 4)
    bits.field(0, 4)
    bits.gamma(base)
    for value in classes:
        bits.unary(value)
    return BitReader(bits.getvalue() + bytes(8))


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"row": 65536}, True),
        ({"row": 65537}, False),
        ({"contexts": 64}, True),
        ({"contexts": 65}, False),
        ({"base": 1 << 17}, True),
        ({"base": (1 << 17) + 1}, False),
        ({"classes": (1, 255)}, True),
        ({"classes": (1, 256)}, False),
        ({"classes": (2, 254)}, True),
        ({"classes": (2, 256)}, False),
        ({"classes": (3, 0)}, False),
    ],
)
def test_limits_of_headers(fields, fits):
    bits = _header(**fields)
    if fits:
        found = ContextModel.read_weights(bits).read_classes(bits, (1,))
        assert found.contexts == fields.get("contexts", 1)
        expected = {(1, 255): [-256], (2, 254): [127]}.get(fields.get("classes"))
        assert expected is None or found.axis_classes[0].tolist() == expected
        return
    with pytest.raises(CorruptError) as caught:
        ContextModel.read_weights(bits).read_classes(bits, (1,))
    assert caught.value.code == Code.BAD_STREAM
