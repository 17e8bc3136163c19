"""The widths section in the specification describes the entries beside it."""

from __future__ import annotations

import re
from zlib import crc32

from reference import reference_decoder
from spec_examples import first_column, rows
from vectors.building import build, coded

from frcodec import load_file, open_file
from frcodec.stages.region import Box

SECTION = bytes.fromhex(first_column("widths"))
ENTRIES = [
    coded("w", "float32", (4, 6), [4, 1, -1, 0], axes=(0, 1), region=Box((2, 2))),
    coded("b", "float32", (4,), [3], axes=(0,), region=Box((1,))),
]
FILE = build(ENTRIES, before=SECTION)


def test_its_checksums_are_those_of_the_entries():
    assert crc32(SECTION[:-4]) == int.from_bytes(SECTION[-4:], "little")
    described = [int(number, 16) for _, meaning in rows("widths") for number in re.findall(r"^0x(\w+)$", meaning)]
    for (lengths, checksum), number in zip(
        reference_decoder.decode(FILE).widths.checksums.items(), described, strict=True
    ):
        entries = reference_decoder.decode(FILE, lengths=lengths).entries
        assert checksum == number == crc32(b"".join(entries))


def test_it_says_the_same_to_every_decoder():
    with open_file(FILE) as file:
        assert file.widths.groups == (4, 6)
        assert file.widths.label == "top-1 %"
        found = [(width.lengths, width.score, width.multiply_adds) for width in file.widths.validated]
    assert found == [((2, 3), "81", 6), ((8, 6), "90.5", 48)]
    assert list(reference_decoder.decode(FILE).widths.checksums) == [(2, 3), (8, 6)]


def test_entries_have_the_shapes_at_its_widths():
    for lengths, shapes in (((2, 3), {"w": (2, 3), "b": (2,)}), ((8, 6), {"w": (8, 6), "b": (8,)})):
        for tensors in (load_file(FILE, width=lengths), reference_decoder.decode(FILE, lengths=lengths).tensors):
            assert {name: tensor.shape for name, tensor in tensors.items()} == shapes
