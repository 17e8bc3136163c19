"""CRC-32 of concatenations."""

from __future__ import annotations

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from frcodec.container.crc32 import combine


@given(st.binary(), st.binary())
def test_combining_is_concatenating(first, second):
    assert combine(crc32(first), crc32(second), len(second)) == crc32(first + second)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_many_parts(parts):
    total = 0
    for part in parts:
        total = combine(total, crc32(part), len(part))
    assert total == crc32(b"".join(parts))


def test_long_parts():
    first, second = bytes(range(256)) * 3000, b"\xff" * (1 << 22)
    assert combine(crc32(first), crc32(second), len(second)) == crc32(second, crc32(first))


def test_lengths_beyond_memory():
    """2^40 zero bytes, put together from halves."""
    zeros, length = crc32(bytes(1 << 10)), 1 << 10
    while length < 1 << 40:
        zeros, length = combine(zeros, zeros, length), 2 * length
    part, size = crc32(bytes(1 << 15)), 1 << 15
    many = part
    for _ in range(31):
        many = combine(many, part, size)
    assert many == crc32(bytes(1 << 20))
    assert combine(crc32(b"x"), zeros, length) != combine(crc32(b"y"), zeros, length)
