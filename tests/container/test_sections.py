"""Framing of files."""

from __future__ import annotations

import pytest
from frc_files import INDEX, file_of, section
from hypothesis import given
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.container.sections import HEADER, read_uvarint, walk, write_uvarint
from frcodec.errors import CorruptError, FrcError

SECTIONS = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300), st.booleans()), max_size=5)


@given(SECTIONS, st.binary(max_size=200))
def test_sections_are_found_where_they_were_written(described, index):
    known = [(kind, data, ancillary or kind not in (1, 2, 3, 4, 6)) for kind, data, ancillary in described]
    data = memoryview(file_of(*(section(*s) for s in known), section(INDEX, index)))
    found = list(walk(data))
    assert [(s.type, bytes(data[s.payload])) for s in found] == [(k, d) for k, d, _ in known] + [(INDEX, index)]
    assert [s.start for s in found] == [len(HEADER), *(s.end for s in found[:-1])]
    for each in found:
        each.check(data)


@given(st.integers(0, 2**63 - 1), st.binary(max_size=3))
def test_numbers_of_variable_size(value, behind):
    data = write_uvarint(value)
    assert read_uvarint(memoryview(data + behind), 0) == (value, len(data))
    assert len(data) == max(1, -(-value.bit_length() // 7))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.TRUNCATED),
        (b"\x80", Code.TRUNCATED),
        (b"\xff" * 8, Code.TRUNCATED),
        (b"\x80\x00", Code.BAD_SECTION),
        (b"\x80" * 8 + b"\x00", Code.BAD_SECTION),
        (b"\xff" * 9 + b"\x01", Code.BAD_SECTION),
    ],
)
def test_numbers_not_in_shortest_form(data, code):
    with pytest.raises(CorruptError) as caught:
        read_uvarint(memoryview(data), 0)
    assert caught.value.code == code


@given(SECTIONS, st.binary(max_size=50), st.data())
def test_every_cut_is_noticed(described, index, data):
    whole = file_of(*(section(k, d, True) for k, d, _ in described), section(INDEX, index))
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FrcError):
        list(walk(memoryview(whole[:end])))


def test_a_checksum_covers_all_before_it():
    whole = section(INDEX, b"payload")
    for bit in range(8 * len(whole)):
        damaged = bytearray(file_of(whole))
        damaged[len(HEADER) + bit // 8] ^= 1 << bit % 8
        view = memoryview(bytes(damaged))
        with pytest.raises(FrcError):
            for found in walk(view):
                found.check(view)
