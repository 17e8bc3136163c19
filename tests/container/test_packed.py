"""Canonical msgpack under zstd."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.container import packed
from frcodec.errors import FrcError

VALUES = st.recursive(
    st.integers(0, 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_values_come_back(value):
    assert packed.read(packed.write(value), 1 << 20) == value


@given(st.binary(max_size=3000))
def test_content_comes_back(data):
    assert packed.decompress(packed.compress(data), len(data)) == data


def _code(data, limit=1 << 20):
    with pytest.raises(FrcError) as caught:
        packed.read(data, limit)
    return caught.value.code


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xcc\x01",  # 1 in two bytes
        b"\xcd\x00\xff",
        b"\xd0\x01",  # 1 as a signed byte
        b"\xd9\x01a",  # a one byte string with a length of its own
        b"\xdc\x00\x01\x01",  # an array of one, in three bytes
        b"\xdd\x00\x00\x00\x01\x01",
        b"\xc5\x00\x01a",  # byte string with a 16-bit length
        b"\x01\x01",  # two values
        b"\xc1",  # never used
        b"\xa1\xff",  # not UTF-8
        b"\xdd\xff\xff\xff\xff",  # 2^32 - 1 elements
        b"\xc6\xff\xff\xff\xff",
        b"\x82\xa1a\x01\xa1a\x01",  # a key twice
        b"\x91" * 2000 + b"\x01",
        b"\x91" * 400_000 + b"\x01",
        b"\xd6\xff\x00\x00\x00",  # a time stamp cut short
        b"\x81\x91\x01\x01",  # an array as a key
    ],
)
def test_what_is_not_canonical_is_refused(content):
    assert _code(packed.compress(content)) == Code.BAD_MSGPACK


def test_zstd_frames_without_a_size_are_refused():
    parts = zstandard.ZstdCompressor(write_content_size=False).compress(b"\x90")
    assert _code(parts) == Code.BAD_ZSTD


@pytest.mark.parametrize(
    "change",
    [lambda f: f + b"\0", lambda f: f + f, lambda f: f[:-1], lambda f: b"", lambda f: f[:5], lambda f: b"\0" + f],
)
def test_not_exactly_one_frame(change):
    assert _code(change(packed.compress(b"\x93\1\2\3"))) == Code.BAD_ZSTD


@pytest.mark.parametrize("content", [b"", b"abc"])
def test_a_skippable_frame_is_no_content(content):
    frame = b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    with pytest.raises(FrcError) as caught:
        packed.decompress(frame, 0)
    assert caught.value.code == Code.BAD_ZSTD


def test_limits_come_before_allocation():
    frame = packed.compress(bytes(1 << 20))
    assert _code(frame, (1 << 20) - 1) == Code.TOO_LARGE


@pytest.mark.parametrize("claimed", [1 << 20, 1 << 40, 2**63 - 1])
def test_a_claim_beyond_what_blocks_can_hold(claimed):
    """Magic, descriptor with an 8-byte size and a window, one last empty raw block."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0b1100_0000, 0x00]) + claimed.to_bytes(8, "little") + b"\1\0\0"
    assert _code(frame, 1 << 63) == Code.BAD_ZSTD


@given(st.binary(max_size=60))
def test_anything_else(data):
    """Bytes of no meaning raise errors of ours."""
    for content in (data, packed.compress(data)):
        try:
            packed.read(content, 1 << 16)
        except FrcError as error:
            assert error.code in (Code.BAD_MSGPACK, Code.BAD_ZSTD, Code.TOO_LARGE)
