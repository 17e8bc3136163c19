"""The complete file in the specification decodes as described."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from reference import reference_decoder, reference_levels
from spec_examples import first_column, rows

from frcodec import load_file

FILE = bytes.fromhex(first_column("file"))
HEADER = bytes.fromhex(rows("file")[2][0])


def test_it_decodes_to_its_weights():
    assert len(FILE) == 85
    for tensors in (load_file(FILE), reference_decoder.decode(FILE).tensors):
        assert list(tensors) == ["w"]
        assert np.array_equal(tensors["w"], np.array([[1, 0.5, 0], [1, -1.5, 0]], np.float32))


def test_its_checksums_are_those_of_its_bytes():
    lines = [bytes.fromhex(hexadecimal) for hexadecimal, _ in rows("file")]
    assert crc32(b"".join(lines[1:4])) == int.from_bytes(lines[4], "little")
    assert crc32(b"".join(lines[5:-2])) == int.from_bytes(lines[-2], "little")
    digest = crc32(load_file(FILE)["w"].tobytes())
    assert [f"digests: 0x{digest:08X}"] == [meaning for _, meaning in rows("file") if meaning.startswith("digests")]


def test_its_header_bits_are_those_of_its_header():
    assert first_column("header").replace(" ", "") == "".join(str(byte >> n & 1) for byte in HEADER for n in range(8))
    header = reference_levels.Header(HEADER, (2, 2))
    assert (header.L, header.trellis.states, header.r, len(header.tables), header.row_steps) == (1, 0, 2, 1, None)


def test_its_table_has_these_frequencies():
    frequencies = {symbol: f for symbol, f, _ in reference_levels.Header(HEADER, (2, 2)).tables[0][0].slots}
    expected = [frequencies[symbol] for symbol in (*range(8), reference_levels.ESCAPE)]
    assert [int(number) for number in first_column("table").split()] == expected


def test_its_lane_passes_through_these_states():
    slots = reference_levels.Header(HEADER, (2, 2)).tables[0][0].slots
    lanes = reference_levels.Lanes(bytes.fromhex(rows("file")[3][0]), 1)
    found = []
    for _ in range(4):
        x = lanes.states[0]
        level, f, s = slots[x % 4096]
        assert lanes.symbol(0, slots) == level
        found.append([x, x % 4096, s, f, level])
    _, *described, end = rows("states")
    assert [[int(cell) for cell in row] for row in described] == found
    assert [int(end[0])] == lanes.states
