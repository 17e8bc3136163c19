"""Canonical msgpack under zstd: how index, skeleton and metadata are written (spec section "Packed values")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgpack
import zstandard

from ..constants import MAX_CONTAINERS, Code
from ..errors import CorruptError, UnsupportedError

_Container = TypeVar("_Container")
_SMALL, _SMALL_LEVEL, _LARGE_LEVEL = 1 << 20, 19, 1
"""what is worth the slowest compression: exact floats, the bulk of large contents, gain nothing from it"""


def compress(data: bytes) -> bytes:
    """One zstd frame with its content size, without checksum."""
    level = _SMALL_LEVEL if len(data) <= _SMALL else _LARGE_LEVEL
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(data), write_content_size=True, write_checksum=False
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def decompress(data: bytes | memoryview, limit: int) -> bytes:
    """The content of exactly one zstd frame; its declared size is checked before anything is allocated."""
    if bytes(data[:4]) != zstandard.FRAME_HEADER:
        raise CorruptError(Code.BAD_ZSTD, "A packed value or raw stream is no zstd frame.")
    try:
        size = zstandard.frame_content_size(data)
        header = zstandard.frame_header_size(data)
    except zstandard.ZstdError as error:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame is damaged: {error}.") from None
    if size < 0:
        raise CorruptError(Code.BAD_ZSTD, "A zstd frame does not declare its size.")
    if size > limit:
        raise UnsupportedError(Code.TOO_LARGE, f"A zstd frame holds {size} bytes; the limit here is {limit}.")
    # A block of at least 3 bytes gives at most 128 KiB: what claims more cannot be true.
    if size > (len(data) - header) // 3 * (128 << 10):
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame of {len(data)} bytes claims {size} bytes.")
    try:
        decompressor = zstandard.ZstdDecompressor()
        if not size:  # decompress() gives b"" without a look at the rest of the frame
            stream = decompressor.decompressobj()
            sound = stream.decompress(data) == b"" and stream.eof and not stream.unused_data
            return _empty(sound)
        content = decompressor.decompress(data, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame is damaged: {error}.") from None
    if len(content) != size:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame holds {len(content)} bytes but declares {size}.")
    return content


def _counted(kind: type[_Container]) -> Callable[[_Container], _Container]:
    """Refuses values of many containers: nested empty arrays would take a hundred times the memory of their bytes."""
    seen = 0

    def count(container: _Container) -> _Container:
        nonlocal seen
        seen += 1
        if seen > MAX_CONTAINERS:
            raise ValueError(f"more than {MAX_CONTAINERS} values of type {kind.__name__}")
        return container

    return count


def _empty(sound: bool) -> bytes:
    if not sound:
        raise CorruptError(Code.BAD_ZSTD, "A zstd frame that should be empty is not, or bytes follow it.")
    return b""


def write(value: Any) -> bytes:
    """A msgpack value under zstd."""
    return compress(msgpack.packb(value, use_bin_type=True))


def read(data: bytes | memoryview, limit: int) -> Any:
    """Inverse of `write`; CorruptError (bad_msgpack) unless the content is canonical."""
    content = decompress(data, limit)
    try:
        value = msgpack.unpackb(
            content, raw=False, strict_map_key=True, use_list=True, list_hook=_counted(list), object_hook=_counted(dict)
        )
        canonical = msgpack.packb(value, use_bin_type=True) == content
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError, OverflowError) as error:
        raise CorruptError(Code.BAD_MSGPACK, f"A packed value is damaged: {error or type(error).__name__}.") from None
    if not canonical:
        raise CorruptError(Code.BAD_MSGPACK, "A packed value is not in canonical msgpack.")
    return value
