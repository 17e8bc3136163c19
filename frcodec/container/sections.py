"""Framing: header, sections, trailer (spec section "File").

header    magic [4], version u8, reserved u8 = 0
section   type u8, flags u8, length uvarint, payload [length], CRC-32 u32 of all before it in the section
trailer   size of the index section u32, end magic [4]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..constants import (
    ANCILLARY,
    END_MAGIC,
    MAGIC,
    MAX_SECTIONS,
    SECTION_DATA,
    SECTION_INDEX,
    SECTION_METADATA,
    SECTION_SKELETON,
    SECTION_WIDTHS,
    TRAILER_BYTES,
    VERSION,
    Code,
)
from ..errors import CorruptError, UnsupportedError
from .crc32 import crc32

HEADER = MAGIC + bytes([VERSION, 0])
KNOWN_SECTIONS = (SECTION_DATA, SECTION_SKELETON, SECTION_METADATA, SECTION_INDEX, SECTION_WIDTHS)


@dataclass(frozen=True, slots=True)
class Section:
    """The place of a section in a file."""

    type: int
    start: int
    """offset of its type byte"""
    payload: slice
    """range of the payload in the file"""
    end: int
    """offset behind its checksum"""

    def check(self, data: memoryview) -> None:
        """Raise CorruptError (bad_crc) unless the section has its stored checksum."""
        stored = int.from_bytes(data[self.payload.stop : self.end], "little")
        actual = crc32(data[self.start : self.payload.stop])
        if actual != stored:
            raise CorruptError(
                Code.BAD_CRC,
                f"A section is damaged: its CRC-32 is {actual:08x}, not {stored:08x} as stored.",
                offset=self.start,
            )


def write_uvarint(value: int) -> bytes:
    """A number as a uvarint: 7 bits per byte, lowest first, the top bit set in all bytes but the last."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_uvarint(data: memoryview, at: int) -> tuple[int, int]:
    """The value of the uvarint at `at`, and the offset behind it; at most 9 bytes, in the shortest form.

    Raises CorruptError (truncated or bad_section).
    """
    value = 0
    for index in range(9):
        if at + index >= len(data):
            raise CorruptError(Code.TRUNCATED, "The file ends inside a section's length.", offset=at)
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if byte == 0 and index:
                break
            return value, at + index + 1
    raise CorruptError(Code.BAD_SECTION, "A section's length is not in its shortest form.", offset=at)


def frame(
    kind: int, payload: bytes | bytearray | memoryview, *, ancillary: bool = False
) -> list[bytes | bytearray | memoryview]:
    """The bytes of a section, in three parts."""
    head = bytes([kind, ANCILLARY if ancillary else 0]) + write_uvarint(len(payload))
    return [head, payload, crc32(payload, crc32(head)).to_bytes(4, "little")]


def trailer(index_section_bytes: int) -> bytes:
    """The last eight bytes of a file."""
    return index_section_bytes.to_bytes(4, "little") + END_MAGIC


def check_header(data: memoryview) -> None:
    """Check magic, version and reserved byte. Raises CorruptError or UnsupportedError."""
    start = bytes(data[: len(HEADER)])
    if start[:4] != MAGIC[: len(start)]:
        raise CorruptError(
            Code.BAD_MAGIC,
            f"This is not an .frc file: it starts with {start[:4].hex()}, not {MAGIC.hex()}. "
            "If it is a model file, encode it first.",
            offset=0,
        )
    if len(start) < len(HEADER):
        raise CorruptError(Code.TRUNCATED, f"The file has only {len(data)} bytes.", offset=len(data))
    if start[4] != VERSION:
        raise UnsupportedError(
            Code.FUTURE_VERSION,
            f"The file has format version {start[4]}; this program reads version {VERSION}. Use a newer frcodec.",
            offset=4,
        )
    if start[5]:
        raise CorruptError(Code.RESERVED_BITS, "The reserved byte of the header is not zero.", offset=5)


def walk(data: memoryview) -> Iterator[Section]:
    """All sections in order. Checks that they fill the file from header to trailer, but not their contents.

    Raises CorruptError or UnsupportedError.
    """
    check_header(data)
    if bytes(data[-4:]) != END_MAGIC or len(data) < len(HEADER) + TRAILER_BYTES:
        raise CorruptError(
            Code.BAD_TRAILER,
            "The file does not end with its end mark: it is truncated, or bytes were appended.",
            offset=len(data),
        )
    end = len(data) - TRAILER_BYTES
    index_start = end - int.from_bytes(data[end : end + 4], "little")
    at, last, count = len(HEADER), None, 0
    while at < end:
        count += 1
        if count > MAX_SECTIONS:
            raise UnsupportedError(Code.TOO_LARGE, f"The file has more than {MAX_SECTIONS} sections.", offset=at)
        last = _section(data, at, end)
        yield last
        at = last.end
    if last is None or last.type != SECTION_INDEX or last.start != index_start:
        raise CorruptError(
            Code.BAD_TRAILER, "The trailer does not point to an index at the end of the file.", offset=end
        )


def _section(data: memoryview, at: int, end: int) -> Section:
    if at + 2 > end:
        raise CorruptError(Code.TRUNCATED, "The file ends inside a section's head.", offset=at)
    kind, flags = data[at], data[at + 1]
    length, payload = read_uvarint(data[:end], at + 2)
    if length > end - payload - 4:
        raise CorruptError(
            Code.TRUNCATED, f"A section claims {length} bytes; only {max(0, end - payload - 4)} are left.", offset=at
        )
    if flags & ~ANCILLARY:
        raise CorruptError(Code.RESERVED_BITS, f"Reserved flags of a section are set: {flags:#04x}.", offset=at + 1)
    if kind not in KNOWN_SECTIONS and not flags & ANCILLARY:
        raise UnsupportedError(
            Code.UNKNOWN_SECTION,
            f"The file needs a section of type {kind}, which this version does not know.",
            offset=at,
        )
    return Section(kind, at, slice(payload, payload + length), payload + length + 4)
