"""Hand-made files whose packed values or lossless streams break one rule each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
from frc_files import (
    DATA,
    GOOD_INDEX,
    INDEX,
    METADATA,
    THREE,
    Columns,
    digest,
    file_of,
    packed,
    raw_stream,
    section,
)
from zstd_frames import raw_block, zstd_frame

from frcodec import Code
from frcodec.container import packed as packed_values

RAW = np.arange(6, dtype=np.int16).reshape(2, 3)


def _index(payload: bytes) -> bytes:
    return file_of(section(DATA, THREE), section(INDEX, payload))


def _bomb(size: int) -> bytes:
    """A byte string of zeros as msgpack under zstd: a few KB that claim megabytes."""
    return packed_values.compress(b"\xc6" + size.to_bytes(4, "big") + bytes(size))


def _claims(size: int) -> bytes:
    """A zstd frame that declares any size and holds nothing."""
    return b"\x28\xb5\x2f\xfd" + bytes([0b1100_0000, 0x00]) + size.to_bytes(8, "little") + b"\1\0\0"


def _framed(*, more: int = 0, blocks: int = 2, **frame: Any) -> bytes:
    """The good index in a frame that declares so many bytes more, with so many of its two blocks."""
    content = msgpack.packb(Columns().list())
    parts = [raw_block(content[:9]), raw_block(content[9:], last=True)]
    return _index(zstd_frame(parts[:blocks], **{"size": len(content) + more, **frame}))


def _msgpack(content: bytes) -> bytes:
    return packed_values.compress(content)


def _packed_with(place: int, encoded: bytes) -> bytes:
    """The good index with one column replaced by any bytes."""
    parts = [msgpack.packb(column) for column in Columns().list()]
    return packed_values.compress(b"\x9e" + b"".join([*parts[:place], encoded, *parts[place + 1 :]]))


def _with_metadata(payload: bytes) -> bytes:
    return file_of(section(DATA, THREE), section(METADATA, payload), GOOD_INDEX)


def _raw_data(data: bytes) -> bytes:
    columns = Columns(
        dtypes=b"\6", codings=b"\1", ranks=b"\2", dims=[2, 3], axes=[], regions=b"", steps=b"", sizes=[len(data)],
        digests=digest(RAW).to_bytes(4, "little"),
    )  # fmt: skip
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


PACKED: dict[str, tuple[Callable[[], bytes], Code]] = {
    "index_not_zstd": (lambda: _index(msgpack.packb(Columns().list())), Code.BAD_ZSTD),
    "index_empty": (lambda: _index(b""), Code.BAD_ZSTD),
    "index_two_frames": (lambda: _index(Columns().pack() * 2), Code.BAD_ZSTD),
    "index_skippable_frame": (lambda: _index(b"\x50\x2a\x4d\x18\0\0\0\0" + Columns().pack()), Code.BAD_ZSTD),
    "index_cut": (lambda: _index(Columns().pack()[:-1]), Code.BAD_ZSTD),
    "index_claims_2_to_63": (lambda: _index(_claims((1 << 63) - 1)), Code.TOO_LARGE),
    "index_claims_16_mb": (lambda: _index(_claims(1 << 24)), Code.BAD_ZSTD),
    "index_bomb": (lambda: _index(_bomb(1 << 25)), Code.TOO_LARGE),
    "index_without_a_size": (lambda: _framed(size=None, window=0), Code.BAD_ZSTD),
    "index_of_another_size": (lambda: _framed(more=1), Code.BAD_ZSTD),
    "index_cut_between_blocks": (lambda: _framed(blocks=1), Code.BAD_ZSTD),
    "index_of_another_checksum": (lambda: _framed(checksum=bytes(4)), Code.BAD_ZSTD),
    "index_without_its_checksum": (lambda: _framed(checksum=b"\0\0\0"), Code.BAD_ZSTD),
    "index_of_a_dictionary": (lambda: _framed(dictionary=b"\0\1"), Code.BAD_ZSTD),
    "index_bytes": (lambda: _index(packed(b"\1")), Code.BAD_RECORD),
    "index_of_no_columns": (lambda: _index(packed([])), Code.BAD_RECORD),
    "index_of_16_arrays": (lambda: _index(packed([[]] * 15)), Code.BAD_RECORD),
    "index_of_17_arrays": (lambda: _index(packed([[]] * 16)), Code.BAD_MSGPACK),
    "index_one_value": (lambda: _index(packed(0)), Code.BAD_RECORD),
    "index_nested": (lambda: _index(_msgpack(b"\x91" * 500_000 + b"\0")), Code.BAD_MSGPACK),
    "index_of_2_to_32": (lambda: _index(_msgpack(b"\xdd\xff\xff\xff\xff")), Code.BAD_MSGPACK),
    "index_long_integer": (lambda: _index(_packed_with(0, b"\xcc\0")), Code.BAD_MSGPACK),
    "index_long_array": (lambda: _index(_packed_with(5, b"\xdc\0\1\3")), Code.BAD_MSGPACK),
    "index_long_string": (lambda: _index(_packed_with(1, b"\xd9\2w\0")), Code.BAD_MSGPACK),
    "index_not_utf8": (lambda: _index(_packed_with(1, b"\xa2\xff\0")), Code.BAD_MSGPACK),
    "index_value_behind": (lambda: _index(_msgpack(msgpack.packb(Columns().list()) + b"\0")), Code.BAD_MSGPACK),
    "metadata_no_map": (lambda: _with_metadata(packed(["a"])), Code.BAD_MSGPACK),
    "metadata_unsorted": (lambda: _with_metadata(packed({"b": "", "a": ""})), Code.BAD_MSGPACK),
    "metadata_number": (lambda: _with_metadata(packed({"a": 1})), Code.BAD_MSGPACK),
    "metadata_key_twice": (lambda: _with_metadata(_msgpack(b"\x82\xa1a\xa0\xa1a\xa0")), Code.BAD_MSGPACK),
    "metadata_bomb": (lambda: _with_metadata(_bomb(1 << 22)), Code.TOO_LARGE),
    "raw_not_zstd": (lambda: _raw_data(bytes(20)), Code.BAD_ZSTD),
    "raw_no_bytes": (lambda: _raw_data(b""), Code.BAD_ZSTD),
    "raw_too_few": (lambda: _raw_data(raw_stream(RAW[:1])), Code.BAD_RECORD),
    "raw_too_many": (lambda: _raw_data(raw_stream(RAW, RAW)), Code.TOO_LARGE),
    "raw_bomb": (lambda: _raw_data(packed_values.compress(bytes(1 << 24))), Code.TOO_LARGE),
}
