"""Zstandard frames put together by hand, with any header and any blocks (RFC 8878)."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"
GIBIBYTE = 20 << 3
"""window descriptor of 2^(10 + 20) bytes"""


def zstd_frame(
    blocks: Sequence[bytes],
    *,
    size: int | None,
    size_bytes: int = 8,
    window: int | None = None,
    dictionary: bytes = b"",
    checksum: bytes = b"",
) -> bytes:
    """A frame of these blocks, headers included.

    `size` is the declared size of the content, None for none, in 1, 2, 4 or 8 bytes; `window` is the window descriptor,
    None for a single segment; `dictionary` is the id field, of 0, 1, 2 or 4 bytes.
    """
    descriptor = (window is None) << 5 | bool(checksum) << 2 | (0, 1, 2, 2, 3)[len(dictionary)]
    field = b""
    if size is not None:
        descriptor |= {1: 0, 2: 1, 4: 2, 8: 3}[size_bytes] << 6
        field = (size - 256 if size_bytes == 2 else size).to_bytes(size_bytes, "little")
    head = bytes([descriptor]) + (b"" if window is None else bytes([window]))
    return MAGIC + head + dictionary + field + b"".join(blocks) + checksum


def raw_block(content: bytes, last: bool = False) -> bytes:
    """A block of bytes as they are."""
    return (len(content) << 3 | last).to_bytes(3, "little") + content


def repeating_block(byte: int, count: int, last: bool = False) -> bytes:
    """A block of one byte, repeated."""
    return (count << 3 | 1 << 1 | last).to_bytes(3, "little") + bytes([byte])


def checksum_of(content: bytes) -> bytes:
    """The low four bytes of the content's XXH64, as they end a frame."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)[-4:]
