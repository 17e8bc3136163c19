"""Files changed behind their checksums: take one apart, change it, and seal every section again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import zstandard
from frc_files import DATA, INDEX, SKELETON, WIDTHS, file_of, packed, section

from frcodec.container import packed as packed_values
from frcodec.container.sections import walk

PARSED = (INDEX, SKELETON, WIDTHS)
"""types of sections that hold msgpack which decoding depends on"""


def taken_apart(data: bytes) -> list[tuple[int, bool, bytes]]:
    """(type, ancillary, payload) of every section."""
    view = memoryview(data)
    return [(s.type, bool(data[s.start + 1] & 1), bytes(view[s.payload])) for s in walk(view)]


def sealed(parts: list[tuple[int, bool, bytes]]) -> bytes:
    """A file of these sections with all checksums and the trailer made anew."""
    return file_of(*(section(kind, payload, ancillary) for kind, ancillary, payload in parts))


def flips_behind_checksums(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every bit of every payload flipped once, checksums renewed: (type of the section, file)."""
    parts = taken_apart(data)
    for number, (kind, ancillary, payload) in enumerate(parts):
        for bit in range(8 * len(payload)):
            damaged = bytearray(payload)
            damaged[bit // 8] ^= 1 << bit % 8
            yield kind, sealed([*parts[:number], (kind, ancillary, bytes(damaged)), *parts[number + 1 :]])


def flips_behind_compression(data: bytes) -> Iterator[bytes]:
    """Every bit of the decompressed index, skeleton and widths flipped once, compressed and sealed again."""
    parts = taken_apart(data)
    for number, (kind, ancillary, payload) in enumerate(parts):
        if kind not in PARSED:
            continue
        content = packed_values.decompress(payload, 1 << 20)
        for bit in range(8 * len(content)):
            damaged = bytearray(content)
            damaged[bit // 8] ^= 1 << bit % 8
            payload = zstandard.ZstdCompressor(level=1).compress(bytes(damaged))  # quick: there are thousands
            yield sealed([*parts[:number], (kind, ancillary, payload), *parts[number + 1 :]])


def changed_values(data: bytes) -> Iterator[bytes]:
    """Every value in index, skeleton and widths replaced by others of its type and of others, still canonical."""
    parts = taken_apart(data)
    for number, (kind, ancillary, payload) in enumerate(parts):
        if kind not in PARSED:
            continue
        value = msgpack.unpackb(packed_values.decompress(payload, 1 << 20))
        for changed in _changed(value):
            yield sealed([*parts[:number], (kind, ancillary, packed(changed)), *parts[number + 1 :]])


def with_index(data: bytes, change: Callable[[list[Any]], None]) -> bytes:
    """The file after `change` of the columns of its index."""
    parts = taken_apart(data)
    columns = msgpack.unpackb(packed_values.decompress(parts[-1][2], 1 << 20))
    change(columns)
    return sealed([*parts[:-1], (INDEX, False, packed(columns))])


def with_data(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The file after `change` of its first data section; the sizes in the index stay."""
    parts = taken_apart(data)
    number = next(i for i, part in enumerate(parts) if part[0] == DATA)
    return sealed([*parts[:number], (DATA, False, change(parts[number][2])), *parts[number + 1 :]])


def _changed(value: Any) -> Iterator[Any]:
    """The value with one part of it changed, added or removed, in all ways."""
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield value[:place] + value[place + 1 :]
            yield [*value[: place + 1], inner, *value[place + 1 :]]
            for other in _changed(inner):
                yield [*value[:place], other, *value[place + 1 :]]
        yield [*value, 0]
        yield []
    elif isinstance(value, int):
        yield from {
            0,
            1,
            2,
            255,
            256,
            value - 1,
            value + 1,
            2 * value,
            1 << 20,
            1 << 32,
            1 << 40,
            1 << 53,
            (1 << 63) - 1,
            -1,
        } - {value}
        yield from (None, str(value), float(value), True, [value])
    elif isinstance(value, bytes):
        for place in range(len(value)):
            for other in {0, 1, 2, 3, 19, 21, 127, 255, (value[place] + 1) % 256} - {value[place]}:
                yield value[:place] + bytes([other]) + value[place + 1 :]
        yield from (value + b"\0", value[:-1], b"", "", 0, None)
    elif isinstance(value, str):
        yield from (
            "",
            value + "\0",
            value[:-1],
            value[1:],
            value * 2,
            "\0" * 9,
            value + "x" * 2000 + "\0",
            value.encode(),
            0,
            None,
        )
