"""Contexts: the arrays of the package against the definition, one level at a time."""

from __future__ import annotations

from math import floor, log2, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import levels, shapes, stream_models

from frcodec.constants import MAX_NEIGHBOR_SUM, Code
from frcodec.entropy.bits import BitReader, BitWriter
from frcodec.entropy.contexts import NEIGHBOR_CLASS, ContextModel
from frcodec.entropy.stream import contexts_by_level
from frcodec.errors import CorruptError


def _by_definition(flat, shape, model):
    """Contexts of one segment's levels in plain Python."""
    context, found = model.context, []
    chunk = -(-len(flat) // model.lanes)
    row = context.row_length
    for place in range(len(flat)):
        first = place // chunk * chunk
        back = [abs(int(flat[place - d])) if place - d >= first else 0 for d in (1, 2, row, 2 * row)]
        t = min(sum(back), MAX_NEIGHBOR_SUM)
        n = 0 if t == 0 else 1 + floor(2 * log2(t) + 1e-9)
        where = np.unravel_index(place, shape)
        p = sum(int(c[i]) for c, i in zip(context.axis_classes, where, strict=False) if c is not None)
        found.append(min(max((context.wp * p + context.wn * n) // 4 - context.base, 0), context.contexts - 1))
    return found


@settings(max_examples=150)
@given(st.data())
def test_contexts_follow_their_definition(data):
    shape = data.draw(shapes(max_size=120, min_rank=1, min_side=1))
    model = data.draw(stream_models(shape, max_lanes_log2=5))
    flat = data.draw(levels(prod(shape)))
    assert contexts_by_level(flat, shape, model).tolist() == _by_definition(flat, shape, model)


def test_neighbor_classes_are_half_octaves():
    for t in range(1, MAX_NEIGHBOR_SUM + 1):
        n = int(NEIGHBOR_CLASS[t]) - 1
        assert 2**n <= t * t < 2 ** (n + 1)
    assert NEIGHBOR_CLASS[0] == 0


@given(st.data())
def test_headers_come_back(data):
    shape = data.draw(shapes(max_size=200))
    model = data.draw(stream_models(shape))
    bits = BitWriter()
    model.write(bits)
    again = type(model).read(BitReader(bits.getvalue()), shape)
    assert (again.lanes_log2, again.tables) == (model.lanes_log2, model.tables)
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
    bits.field(1 if classes else 0, 3)
    bits.field(0, 3)
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
        ({"classes": (2, 0)}, False),
    ],
)
def test_limits_of_headers(fields, fits):
    if fits:
        assert ContextModel.read(_header(**fields), (1,)).contexts == fields.get("contexts", 1)
        return
    with pytest.raises(CorruptError) as caught:
        ContextModel.read(_header(**fields), (1,))
    assert caught.value.code == Code.BAD_STREAM
