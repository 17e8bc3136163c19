"""The complete file in the specification is one, and what is told about it is true."""

from __future__ import annotations

import re
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from reference import reference_decoder, reference_levels

from frcodec import load_file

SPEC = Path(__file__).parents[2] / "spec" / "frc-1.md"


@pytest.fixture
def section() -> str:
    return SPEC.read_text().split("## 16. A complete file")[1].split("## 17.")[0]


@pytest.fixture
def example(section) -> bytes:
    return bytes.fromhex("".join(re.findall(r"^    ((?:[0-9a-f]{2} ?)+)$", section, re.MULTILINE)))


@pytest.fixture
def header(section, example) -> bytes:
    """Header bits of its stream."""
    told = re.search(r"\| `([0-9a-f ]+)` \| header bits", section)
    assert told
    header = bytes.fromhex(told[1])
    assert example[9 : 9 + len(header)] == header
    return header


def _numbers(pattern, text):
    found = re.search(pattern, text)
    assert found, pattern
    return [int(number) for number in found.groups()]


def test_it_decodes_to_what_is_said(section, example):
    assert [len(example)] == _numbers(r"zero, so a box of 2×2 is kept\. (\d+) bytes", section)
    for tensors in (load_file(example), reference_decoder.decode(example).tensors):
        assert list(tensors) == ["w"]
        assert np.array_equal(tensors["w"], np.array([[1, 0.5, 0], [1, -1.5, 0]], np.float32))


def test_the_bytes_told_one_by_one_are_the_file(section, example):
    table = section.split("| bytes | meaning |")[1].split("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    told = "".join("".join(re.findall(r"`([0-9a-f ]+)`", cell)) for cell in rows)
    assert bytes.fromhex(told) == example


def test_the_header_bits_told_one_by_one_are_the_header(section, header):
    told = "".join(re.findall(r"`([01]+)`", re.search(r"header bits, first bit first: (.*) \|", section)[1]))
    assert told == "".join(str(byte >> bit & 1) for byte in header for bit in range(8))
    model = reference_levels.Header(header, (2, 2))
    assert (model.L, model.trellis.states, model.r, len(model.tables), model.row_steps) == (1, 0, 2, 1, None)


def test_checksums_are_those_of_the_bytes(section, example):
    for data, crc in ((example[6:17], example[17:21]), (example[21:-12], example[-12:-8])):
        assert crc32(data) == int.from_bytes(crc, "little")
    digest = crc32(load_file(example)["w"].tobytes())
    assert f"digests: 0x{digest:08X}" in section


def test_the_states_are_those_that_are_told(section, example, header):
    table = reference_levels.Header(header, (2, 2)).tables[0][0]
    frequencies = {symbol: f for symbol, f, _ in table.slots}
    told = re.search(r"f\(0\) = (\d+), f\(1\) … f\(7\) = ([\d, ]+) and f\(escape\) = (\d+)", section)
    expected = [frequencies[symbol] for symbol in (0, *range(1, 8), reference_levels.ESCAPE)]
    assert [int(told[1]), *map(int, told[2].split(", ")), int(told[3])] == expected
    x = int.from_bytes(example[9 + len(header) : 13 + len(header)], "little")
    assert [x] == _numbers(r"state of lane 0: (\d+)", section)
    states, slots, symbols = [x], [x % 4096], []
    lanes = reference_levels.Lanes(example[9 + len(header) : 17], 1)
    for _ in range(4):
        symbols.append(lanes.symbol(0, table.slots))
        states.append(lanes.states[0])
        slots.append(lanes.states[0] % 4096)
    assert symbols == [2, 1, 2, -3]
    story = section.split("The table of zero 0")[1]
    pattern = (
        r"(\d+) mod 4096 = (\d+)\.[\s\S]*= (\d+), whose slot (\d+) gives the level (\d+);"
        r" then (\d+) with slot (\d+), (\d+); then (\d+) with slot (\d+), −(\d+) [\s\S]*x is (\d+)"
    )
    assert _numbers(pattern, story) == [
        states[0], slots[0], states[1], slots[1], 1, states[2], slots[2], 2, states[3], slots[3], 3, states[4]
    ]  # fmt: skip
    for first, last, level in re.findall(r"(\d+)\.\.(\d+) are (−?\d+)", story):
        places = [slot for slot, (symbol, _, _) in enumerate(table.slots) if symbol == int(level.replace("−", "-"))]
        assert [places[0], places[-1]] == [int(first), int(last)]
