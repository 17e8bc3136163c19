"""Cutting a file into gaps and holes, and filling them again."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.container.rebuild import write_model
from frcodec.container.skeleton import Hole, Patch, Skeleton, check
from frcodec.errors import CorruptError
from frcodec.formats.model import cut


@st.composite
def layouts(draw):
    """A file as a list of gaps, holes and patches, and where they lie."""
    data, holes, patches, contents = bytearray(), [], [], []
    parts = draw(st.lists(st.sampled_from(["gap", "hole", "patch", "ahead"]), max_size=12))
    for part in parts:
        if part == "gap":
            data += draw(st.binary(max_size=9))
        elif part == "hole" or (part == "ahead" and not holes):
            contents.append(draw(st.binary(min_size=1, max_size=9)))
            holes.append(Hole(len(data), len(contents[-1]), len(contents) - 1))
            data += contents[-1]
        elif part == "patch" and holes:
            number = draw(st.integers(0, len(holes) - 1))
            patches.append(Patch(len(data), number))
            data += zlib.crc32(contents[number]).to_bytes(4, "little")
        elif part == "ahead":
            contents.append(draw(st.binary(min_size=1, max_size=9)))
            patches.append(Patch(len(data), len(holes)))
            data += zlib.crc32(contents[-1]).to_bytes(4, "little")
            holes.append(Hole(len(data), len(contents[-1]), len(contents) - 1))
            data += contents[-1]
    edges = sorted(draw(st.lists(st.integers(0, len(data)), max_size=5)))
    pieces = [bytes(data[a:b]) for a, b in zip([0, *edges], [*edges, len(data)], strict=True)]
    return bytes(data), pieces, holes, patches, contents


@settings(max_examples=300, deadline=None)
@given(layouts())
def test_rebuilding_gives_the_file_back(layout):
    data, pieces, holes, patches, contents = layout
    skeleton = cut(pieces, holes, patches)
    check(skeleton, [len(c) for c in contents])
    assert len(skeleton.gaps) == len(data) - sum(map(len, contents))
    out, fetched = bytearray(), []

    def fetch(entry):
        fetched.append(entry)
        return contents[entry]

    assert write_model(skeleton, fetch, out.extend) == zlib.crc32(data)
    assert out == data
    assert fetched == list(range(len(contents)))


GOOD = Skeleton(30, bytes(20), (Hole(8, 6, 0), Hole(20, 4, 1)), (Patch(4, 0), Patch(26, 1)))


def test_one_tensor_fills_at_most_one_hole():
    skeleton = Skeleton(8, b"ab", (Hole(1, 3, 0), Hole(5, 3, 0)), ())
    with pytest.raises(CorruptError) as raised:
        check(skeleton, [3])
    assert raised.value.code is Code.BAD_SKELETON


def test_a_sound_skeleton_passes():
    check(GOOD, [6, 4, None])


@pytest.mark.parametrize(
    "change",
    [
        {"size": 31},
        {"size": -1},
        {"gaps": bytes(19)},
        {"gaps": bytes(4) + b"\1" + bytes(15)},
        {"holes": (Hole(20, 4, 1), Hole(8, 6, 0))},
        {"holes": (Hole(8, 6, 0), Hole(13, 4, 1))},
        {"holes": (Hole(8, 6, 0), Hole(28, 4, 1))},
        {"holes": (Hole(-1, 6, 0), Hole(20, 4, 1))},
        {"holes": (Hole(8, 6, 2), Hole(20, 4, 1))},
        {"holes": (Hole(8, 6, 3), Hole(20, 4, 1))},
        {"holes": (Hole(8, 6, -3), Hole(20, 4, 1))},
        {"holes": (Hole(8, 5, 0), Hole(20, 5, 1))},
        {"holes": (Hole(1 << 70, 6, 0), Hole(20, 4, 1))},
        {"patches": (Patch(5, 0),)},
        {"patches": (Patch(13, 0),)},
        {"patches": (Patch(27, 0),)},
        {"patches": (Patch(-4, 0),)},
        {"patches": (Patch(4, 1),)},
        {"patches": (Patch(4, -1),)},
        {"patches": (Patch(26, 2),)},
        {"patches": (Patch(14, 0), Patch(16, 0))},
        {"patches": (Patch(16, 0), Patch(4, 0))},
    ],
)
def test_broken_rules_are_refused(change):
    with pytest.raises(CorruptError) as caught:
        check(replace(GOOD, **change), [6, 4, None])
    assert caught.value.code == Code.BAD_SKELETON


def test_tensors_of_a_wrong_size_are_refused():
    with pytest.raises(CorruptError) as caught:
        write_model(GOOD, lambda entry: bytes(5), lambda data: None)
    assert caught.value.code == Code.BAD_SKELETON
