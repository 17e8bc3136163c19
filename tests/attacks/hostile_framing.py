"""Hand-made files whose header, sections or trailer break one rule each."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from frc_files import (
    DATA,
    GOOD,
    GOOD_INDEX,
    METADATA,
    SKELETON,
    THREE,
    file_of,
    packed,
    section,
    small_file,
)

from frcodec import Code
from frcodec.constants import MAX_SECTIONS
from frcodec.container.sections import HEADER, trailer


def _flagged(kind: int, flags: int, payload: bytes) -> bytes:
    """A section with any flags and the right checksum."""
    body = bytes([kind, flags, len(payload)]) + payload
    return body + crc32(body).to_bytes(4, "little")


FRAMING: dict[str, tuple[Callable[[], bytes], Code]] = {
    "empty": (lambda: b"", Code.TRUNCATED),
    "other_magic": (lambda: b"PK\3\4" + GOOD[4:], Code.BAD_MAGIC),
    "text": (lambda: b"<!DOCTYPE html>" + bytes(100), Code.BAD_MAGIC),
    "cut_in_header": (lambda: GOOD[:5], Code.TRUNCATED),
    "header_only": (lambda: GOOD[:6], Code.BAD_TRAILER),
    "version_0": (lambda: GOOD[:4] + b"\0" + GOOD[5:], Code.FUTURE_VERSION),
    "version_2": (lambda: GOOD[:4] + b"\2" + GOOD[5:], Code.FUTURE_VERSION),
    "reserved_byte": (lambda: GOOD[:5] + b"\1" + GOOD[6:], Code.RESERVED_BITS),
    "no_trailer": (lambda: GOOD[:-8], Code.BAD_TRAILER),
    "other_end_magic": (lambda: GOOD[:-1] + b"y", Code.BAD_TRAILER),
    "bytes_behind": (lambda: GOOD + b"\0", Code.BAD_TRAILER),
    "trailer_of_other_size": (lambda: GOOD[:-8] + trailer(len(GOOD_INDEX) + 1), Code.BAD_TRAILER),
    "trailer_of_size_0": (lambda: GOOD[:-8] + trailer(0), Code.BAD_TRAILER),
    "trailer_of_2_to_32": (lambda: GOOD[:-8] + trailer(0xFFFFFFFF), Code.BAD_TRAILER),
    "no_sections": (lambda: HEADER + trailer(0), Code.BAD_TRAILER),
    "index_not_last": (
        lambda: file_of(section(DATA, THREE), GOOD_INDEX, section(99, b"", ancillary=True)),
        Code.BAD_TRAILER,
    ),
    "no_index": (lambda: file_of(section(DATA, THREE)), Code.BAD_TRAILER),
    "half_a_section_head": (lambda: HEADER + section(DATA, THREE) + b"\4" + trailer(1), Code.TRUNCATED),
    "section_longer_than_file": (
        lambda: HEADER + b"\1\0\x7fabc" + GOOD_INDEX + trailer(len(GOOD_INDEX)),
        Code.TRUNCATED,
    ),
    "section_of_2_to_63": (
        lambda: HEADER + b"\1\0" + b"\xff" * 8 + b"\x7f" + GOOD_INDEX + trailer(len(GOOD_INDEX)),
        Code.TRUNCATED,
    ),
    "length_without_end": (
        lambda: HEADER + b"\1\0" + b"\xff" * 20 + GOOD_INDEX + trailer(len(GOOD_INDEX)),
        Code.BAD_SECTION,
    ),
    "length_not_shortest": (
        lambda: HEADER + b"\1\0\x80\0" + bytes(4) + GOOD_INDEX + trailer(len(GOOD_INDEX)),
        Code.BAD_SECTION,
    ),
    "reserved_flag": (lambda: file_of(_flagged(DATA, 2, THREE), GOOD_INDEX), Code.RESERVED_BITS),
    "reserved_top_flag": (
        lambda: file_of(_flagged(99, 0x81, b""), section(DATA, THREE), GOOD_INDEX),
        Code.RESERVED_BITS,
    ),
    "unknown_critical": (
        lambda: file_of(section(5, b"", ancillary=False), section(DATA, THREE), GOOD_INDEX),
        Code.UNKNOWN_SECTION,
    ),
    "unknown_type_0": (
        lambda: file_of(section(0, b"", ancillary=False), section(DATA, THREE), GOOD_INDEX),
        Code.UNKNOWN_SECTION,
    ),
    "crc_of_data": (lambda: file_of(section(DATA, THREE)[:-1] + b"\0", GOOD_INDEX), Code.BAD_CRC),
    "crc_of_index": (lambda: file_of(section(DATA, THREE), GOOD_INDEX[:-1] + b"\0"), Code.BAD_CRC),
    "crc_of_skipped": (
        lambda: file_of(section(99, b"x", ancillary=True)[:-1] + b"\0", section(DATA, THREE), GOOD_INDEX),
        Code.BAD_CRC,
    ),
    "sections_65537": (
        lambda: file_of(section(DATA, THREE), *[section(99, b"", ancillary=True)] * (MAX_SECTIONS - 1), GOOD_INDEX),
        Code.TOO_LARGE,
    ),
    "two_indexes": (lambda: file_of(section(DATA, THREE), GOOD_INDEX, GOOD_INDEX), Code.BAD_SECTION),
    "two_skeletons": (
        lambda: file_of(section(DATA, THREE), *[section(SKELETON, packed(0))] * 2, GOOD_INDEX),
        Code.BAD_SECTION,
    ),
    "two_metadata": (
        lambda: file_of(section(DATA, THREE), *[section(METADATA, packed({"a": "b"}))] * 2, GOOD_INDEX),
        Code.BAD_SECTION,
    ),
    "data_missing": (lambda: file_of(GOOD_INDEX), Code.BAD_SECTION),
    "data_too_long": (lambda: file_of(section(DATA, THREE + b"\0"), GOOD_INDEX), Code.BAD_SECTION),
    "data_too_short": (lambda: file_of(section(DATA, THREE[:-1]), GOOD_INDEX), Code.BAD_SECTION),
    "stream_crosses_sections": (
        lambda: file_of(section(DATA, THREE[:5]), section(DATA, THREE[5:]), GOOD_INDEX),
        Code.BAD_SECTION,
    ),
    "stream_of_2_to_53": (lambda: small_file(sizes=[1 << 53]), Code.BAD_SECTION),
}
