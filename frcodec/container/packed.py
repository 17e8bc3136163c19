"""Canonical msgpack under zstd, of which index, skeleton and metadata are made (spec section "Packed values")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgpack
import zstandard

from ..constants import MAX_CONTAINERS, Code
from ..errors import CorruptError, UnsupportedError

_Container = TypeVar("_Container")
MAX_INTEGER: Final = 1 << 53
"""largest integer of any field: all up to it are exact as doubles"""
_SMALL, _SMALL_LEVEL, _LARGE_LEVEL = 1 << 20, 19, 1
"""zstd's level depends on the size: lossless floats, the bulk of large contents, gain nothing from slow compression"""


def compress(data: bytes) -> bytes:
    """One zstd frame with its content size, without checksum."""
    level = _SMALL_LEVEL if len(data) <= _SMALL else _LARGE_LEVEL
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(data), write_content_size=True, write_checksum=False
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def decompress(data: bytes | memoryview, limit: int) -> bytes:
    """The content of exactly one zstd frame, whose declared size is checked before anything is allocated.

    Raises CorruptError (bad_zstd), or UnsupportedError (too_large) for more than `limit` bytes.
    """
    if bytes(data[:4]) != zstandard.FRAME_HEADER:
        raise CorruptError(Code.BAD_ZSTD, "A packed value or lossless stream is not a zstd frame.")
    try:
        size = zstandard.frame_content_size(data)
        header = zstandard.frame_header_size(data)
    except zstandard.ZstdError as error:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame is damaged: {error}.") from None
    if size < 0:
        raise CorruptError(Code.BAD_ZSTD, "A zstd frame does not declare its size.")
    if size > limit:
        raise UnsupportedError(Code.TOO_LARGE, f"A zstd frame holds {size} bytes; the limit here is {limit}.")
    # a block takes at least 3 bytes and holds at most 128 KiB
    if size > (len(data) - header) // 3 * (128 << 10):
        raise CorruptError(
            Code.BAD_ZSTD, f"A zstd frame of {len(data)} bytes cannot hold the {size} bytes that it declares."
        )
    try:
        decompressor = zstandard.ZstdDecompressor()
        if not size:  # decompress() returns b"" without reading the rest of the frame
            return _decompress_empty(decompressor, data)
        content = decompressor.decompress(data, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame is damaged: {error}.") from None
    if len(content) != size:
        raise CorruptError(Code.BAD_ZSTD, f"A zstd frame holds {len(content)} bytes but declares {size}.")
    return content


def _decompress_empty(decompressor: zstandard.ZstdDecompressor, data: bytes | memoryview) -> bytes:
    stream = decompressor.decompressobj()
    if stream.decompress(data) or not stream.eof or stream.unused_data:
        raise CorruptError(Code.BAD_ZSTD, "A zstd frame that declares no content has some, or bytes follow it.")
    return b""


def write(value: Any) -> bytes:
    """A value of integers, strings, bytes, lists and dicts as msgpack under zstd."""
    return compress(msgpack.packb(value, use_bin_type=True))


def read(data: bytes | memoryview, limit: int) -> Any:
    """Inverse of `write`, for a content of at most `limit` bytes.

    Raises CorruptError (bad_zstd, or bad_msgpack if the content is not canonical) or UnsupportedError (too_large).
    """
    content = decompress(data, limit)
    try:
        value = msgpack.unpackb(
            content, raw=False, strict_map_key=True, use_list=True, list_hook=_counter(list), object_hook=_counter(dict)
        )
        canonical = msgpack.packb(value, use_bin_type=True) == content
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError, OverflowError) as error:
        raise CorruptError(Code.BAD_MSGPACK, f"A packed value is damaged: {error or type(error).__name__}.") from None
    if not canonical:
        raise CorruptError(Code.BAD_MSGPACK, "A packed value is not in canonical msgpack.")
    return value


def _counter(kind: type[_Container]) -> Callable[[_Container], _Container]:
    """A hook that limits the number of containers: empty ones take a hundred times the memory of their bytes."""
    count = 0

    def check(container: _Container) -> _Container:
        nonlocal count
        count += 1
        if count > MAX_CONTAINERS:
            raise ValueError(f"more than {MAX_CONTAINERS} values of type {kind.__name__}")
        return container

    return check


def are_integers(values: Iterable[Any]) -> bool:
    """Whether all values are integers in 0 … 2^53, and not booleans."""
    return all(type(value) is int and 0 <= value <= MAX_INTEGER for value in values)
