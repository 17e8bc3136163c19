"""The skeleton section: holes and patches by their distances."""

from __future__ import annotations

from zlib import crc32

import pytest
from frc_files import packed
from hypothesis import given
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.container import skeleton as section
from frcodec.container.rebuild import checksum, write_model
from frcodec.container.skeleton import Hole, Patch, RebuildRecipe, Skeleton
from frcodec.errors import FrcError

LIMIT = 1 << 20


@st.composite
def _plans(draw):
    """A file of gaps, holes and patches in any allowed order, and the bytes of its entries."""
    entries = [draw(st.binary(min_size=1, max_size=20)) for _ in range(draw(st.integers(0, 4)))]
    gaps, holes, patches, at, filled = b"", [], [], 0, 0
    order = draw(st.permutations(range(len(entries))))
    for step in range(len(entries) + 1):
        for _ in range(draw(st.integers(0, 2))):
            gap = draw(st.binary(max_size=6))
            gaps, at = gaps + gap, at + len(gap)
            if entries:
                patches.append(Patch(at, draw(st.integers(0, min(step, len(entries) - 1)))))
                gaps, at = gaps + bytes(4), at + 4
        if step < len(entries):
            entry = order[step]
            holes.append(Hole(at, len(entries[entry]), entry))
            at += len(entries[entry])
            filled += len(entries[entry])
    return entries, RebuildRecipe("kind", Skeleton(len(gaps) + filled, gaps, tuple(holes), tuple(patches)), 0)


@given(_plans())
def test_skeletons_come_back_and_rebuild(drawn):
    entries, plan = drawn
    again = section.read(section.write(plan), [len(e) for e in entries], LIMIT)
    assert again == plan
    out = bytearray()
    crc = write_model(again.skeleton, entries.__getitem__, out.extend)
    assert len(out) == plan.skeleton.size
    assert crc == crc32(out) == checksum(plan.skeleton, {i: crc32(e) for i, e in enumerate(entries)})
    for hole in plan.skeleton.holes:
        assert out[hole.offset : hole.offset + hole.length] == entries[hole.entry]
    for patch in plan.skeleton.patches:
        content = entries[plan.skeleton.holes[patch.hole].entry]
        assert int.from_bytes(out[patch.offset : patch.offset + 4], "little") == crc32(content)


# entries: 0 has 4 bytes, 1 has 6 bytes, 2 is a view, 3 is empty
SIZES = [4, 6, None, 0]
GOOD = ["kind", 2 + 4 + 5 + 6 + 1, 0, [2, 0, 5, 1], [7, 1], bytes(8)]


def _changed(**changes):
    value = list(GOOD)
    for place, new in changes.items():
        value[["kind", "size", "crc", "holes", "patches", "gaps"].index(place)] = new
    return packed(value)


def test_the_hand_made_one():
    assert section.read(packed(GOOD), SIZES, LIMIT).skeleton.patches == (Patch(7, 1),)


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 17},
        {"size": 19},
        {"gaps": bytes(9)},
        {"holes": [2, 0, 5]},
        {"holes": [2, 0, 5, 2]},
        {"holes": [2, 0, 5, 3], "size": 12},
        {"holes": [2, 0, 5, 4]},
        {"holes": [2, 0, 5, 2**53]},
        {"holes": [2, 0, 2**53, 1]},
        {"holes": [2, 0, 7, 1]},
        {"holes": [2, 0, 2, 0], "size": 16},
        {"holes": [2, 0, -1, 1]},
        {"patches": [7]},
        {"patches": [7, 2]},
        {"patches": [0, 0]},
        {"patches": [3, 0]},
        {"patches": [8, 0]},
        {"patches": [15, 0]},
        {"patches": [2**53, 0]},
        {"patches": [6, 0, 0, 1]},
        {"gaps": bytes([0, 0, 0, 9, 0, 0, 0, 0])},
    ],
)
def test_every_broken_rule_is_noticed(changes):
    with pytest.raises(FrcError) as caught:
        section.read(_changed(**changes), SIZES, LIMIT)
    assert caught.value.code == Code.BAD_SKELETON


_WRONG = {
    "kind": [None, 1, b"bytes", ["text"], {}],
    "size": [None, -1, 18.0, "18", b"18", [18], True],
    "crc": [None, 0.0, "0", b"0", [0], False],
    "holes": [None, 0, "", b"", {}, [None, 0], [2.0, 0], [True, 0], ["2", 0], [[2, 0]]],
    "patches": [None, 0, "", b"", {}, [None, 1], [7.0, 1], [7, True], ["7", 1], [[7, 1]]],
    "gaps": [None, 0, "\0" * 8, [0] * 8, {}],
}


@pytest.mark.parametrize(("place", "wrong"), [(place, wrong) for place, values in _WRONG.items() for wrong in values])
def test_elements_of_other_types_are_refused(place, wrong):
    with pytest.raises(FrcError) as caught:
        section.read(_changed(**{place: wrong}), SIZES, LIMIT)
    assert caught.value.code in (Code.BAD_SKELETON, Code.BAD_MSGPACK)


def test_a_file_beyond_the_limit():
    with pytest.raises(FrcError) as caught:
        section.read(_changed(gaps=bytes(100), size=110), SIZES, 109)
    assert caught.value.code == Code.TOO_LARGE


def test_patches_may_not_look_beyond_the_next_hole():
    near = _changed(holes=[6, 0, 1, 1], patches=[0, 0], size=18)
    far = _changed(holes=[6, 0, 1, 1], patches=[0, 1], size=18)
    assert section.read(near, SIZES, LIMIT)
    with pytest.raises(FrcError) as caught:
        section.read(far, SIZES, LIMIT)
    assert caught.value.code == Code.BAD_SKELETON
