"""Writing of other widths: what is declared and validated, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from frc_files import GOOD, WIDTHS
from vectors.building import build, coded, exact
from width_files import one, tried

from frcodec import Code, UsageError, load_file, open_file
from frcodec.container.crc32 import crc32
from frcodec.container.sections import walk
from frcodec.stages.region import Box, Scan
from frcodec.widths import Channel, declare, validate

OUT, IN = Channel(0), Channel(0, input=True)


# Values


def test_what_is_declared_and_validated_is_read_back():
    file = one(channels={0: OUT, 1: Channel(1, input=True)})
    with open_file(file) as opened:
        assert opened.widths.groups == (8, 3)
        assert opened.widths.axes == {0: {0: OUT, 1: Channel(1, input=True)}}
        assert opened.widths.validated == ()
    seen = []

    def score(at):
        seen.append(at["w"].shape)
        return f"{len(seen)} é"

    file = validate(file, [(4, 3), "1/3"], score, lambda at: at["w"].size, label="F₁")
    with open_file(file) as opened:
        assert opened.widths.label == "F₁"
        first, second = opened.widths.validated
    assert seen == [(4, 3, 3), (3, 1, 3)]
    assert (first.lengths, first.score, first.multiply_adds) == ((4, 3), "1 é", 36)
    assert (second.lengths, second.score, second.multiply_adds) == ((3, 1), "2 é", 9)
    assert first.checksum == crc32(load_file(file, width=(4, 3))["w"].tobytes())
    again = tried(file, (1, 1))
    with open_file(again) as opened:
        assert [one.lengths for one in opened.widths.validated] == [(1, 1)]
    assert [s.type for s in walk(memoryview(again))] == [1, WIDTHS, 4]


def test_the_rest_of_the_file_stays_as_it_is():
    plain = build([coded("w", "float32", (4,), [3], axes=(0,), region=Box((1,)))], metadata={"k": "v"})
    file = declare(plain, {"w": {0: OUT}})
    section = next(s for s in walk(memoryview(file)) if s.type == WIDTHS)
    assert file[: section.start] + file[section.end :] == plain


@pytest.mark.parametrize(
    ("axes", "code"),
    [
        ({"x": {0: OUT}}, Code.UNKNOWN_TENSOR),
        ({"w": {3: OUT}}, Code.BAD_OPTION),
        ({"w": {-1: OUT}}, Code.BAD_OPTION),
        ({"w": {0: Channel(1)}}, Code.BAD_OPTION),
        ({"w": {0: Channel(127), 1: OUT}}, Code.BAD_OPTION),
        ({"w": {0: Channel(-1)}}, Code.BAD_OPTION),
        ({"n": {0: OUT}}, Code.BAD_OPTION),
        ({}, Code.BAD_OPTION),
        ({"w": {}}, Code.BAD_OPTION),
    ],
)
def test_what_cannot_be_declared(axes, code):
    file = build(
        [
            coded("w", "float32", (8, 3, 3), [1, 2], axes=(0, 1, 2), region=Scan(2)),
            exact("n", np.zeros(8, np.float32)),
        ]
    )
    with pytest.raises(UsageError) as caught:
        declare(file, axes)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("widths", "score", "operations"),
    [
        ([4, "1/2"], "1", 2),
        ([4], "a\0b", 2),
        ([4], "1", -1),
        ([4], "1", 1 << 60),
        ([(n,) for n in range(1, 66)], "1", 2),
    ],
)
def test_what_cannot_be_validated(widths, score, operations):
    with pytest.raises(UsageError) as caught:
        validate(one(), widths, lambda at: score, lambda at: operations)
    assert caught.value.code == Code.BAD_OPTION


def test_a_file_without_channels_cannot_be_validated():
    with pytest.raises(UsageError, match="no channel axes"):
        tried(GOOD, 4)
