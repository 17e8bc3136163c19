"""Zip archives as PyTorch writes them: stored members whose payloads start at aligned offsets."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from ...tensors import Buffer

UTF8_NAME = 0x0800
HAS_DESCRIPTOR = 0x0008
PADDING_FIELD = b"FB"
ZIP64_FIELD = 0x0001
_LARGE16 = 0xFFFF
_LARGE32 = 0xFFFFFFFF
_DOS_1980 = 0x0021


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """The header fields of a member, without its sizes and CRC-32."""

    name: bytes
    flags: int = UTF8_NAME
    made_by: int = 20
    needed: int = 20
    time: int = 0
    date: int = _DOS_1980
    internal: int = 0
    external: int = 0
    local_extra: bytes = b""
    """without zip64 sizes and padding, which the writer adds"""
    central_extra: bytes = b""
    comment: bytes = b""


@dataclass(frozen=True, slots=True)
class Written:
    """The position of a member in the archive."""

    payload: int
    crc_fields: tuple[int, ...]
    """offsets of the fields that store its CRC-32"""


@dataclass(slots=True)
class _Record:
    info: MemberInfo
    header: int
    payload: int
    size: int
    crc: int
    crc_fields: list[int]


class ZipWriter:
    """Writes an archive through `put`, without seeking."""

    def __init__(self, put: Callable[[Buffer], object]) -> None:
        self._put = put
        self._at = 0
        self._records: list[_Record] = []

    def add(self, info: MemberInfo, payload: Sequence[Buffer], *, align: int = 1, crc: int | None = None) -> None:
        """Store a member whose bytes are the concatenation of `payload`, at a multiple of `align` bytes.

        `crc` is the CRC-32 to record; it is computed if None.
        """
        size = sum(len(part) for part in payload)
        if crc is None:
            crc = 0
            for part in payload:
                crc = crc32(part, crc)
        deferred = bool(info.flags & HAS_DESCRIPTOR)
        wide = size >= _LARGE32
        record = _Record(info, self._at, 0, size, crc, [])
        extra = info.local_extra
        if wide:
            extra = struct.pack("<HHQQ", ZIP64_FIELD, 16, size, size) + extra
        extra += _padding(self._at + 30 + len(info.name) + len(extra), align)
        head_crc = 0 if deferred else crc
        short = _LARGE32 if wide else 0 if deferred else size
        head = struct.pack("<HHHHHIII", info.needed, info.flags, 0, info.time, info.date, head_crc, short, short)
        if not deferred:
            record.crc_fields.append(self._at + 14)
        self._emit(b"PK\x03\x04" + head + struct.pack("<HH", len(info.name), len(extra)) + info.name + extra)
        record.payload = self._at
        for part in payload:
            self._emit(part)
        if deferred:
            record.crc_fields.append(self._at + 4)
            self._emit(b"PK\x07\x08" + struct.pack("<IQQ" if wide else "<III", crc, size, size))
        self._records.append(record)

    def finish(self, *, comment: bytes = b"", zip64: bool = False) -> list[Written]:
        """Write the central directory and return the position of each member, in the order of `add`."""
        start = self._at
        for record in self._records:
            record.crc_fields.append(self._at + 16)
            self._emit(_central(record))
        size, count = self._at - start, len(self._records)
        if zip64 or count >= _LARGE16 or start >= _LARGE32 or size >= _LARGE32:
            end = self._at
            self._emit(b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start))
            self._emit(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
        fields = (0, 0, min(count, _LARGE16), min(count, _LARGE16), min(size, _LARGE32), min(start, _LARGE32))
        self._emit(b"PK\x05\x06" + struct.pack("<HHHHIIH", *fields, len(comment)) + comment)
        return [Written(record.payload, tuple(record.crc_fields)) for record in self._records]

    def _emit(self, data: Buffer) -> None:
        self._put(data)
        self._at += len(data)


def _padding(at: int, align: int) -> bytes:
    """An extra field that ends at a multiple of `align`, as PyTorch writes it: "FB", a length and letters Z."""
    if align <= 1:
        return b""
    letters = -(at + 4) % align
    return PADDING_FIELD + struct.pack("<H", letters) + b"Z" * letters


def _central(record: _Record) -> bytes:
    """The directory entry of a member; numbers beyond 32 bits are in a zip64 field."""
    info = record.info
    large = b""
    if record.size >= _LARGE32:
        large += struct.pack("<QQ", record.size, record.size)
    if record.header >= _LARGE32:
        large += struct.pack("<Q", record.header)
    extra = (struct.pack("<HH", ZIP64_FIELD, len(large)) + large if large else b"") + info.central_extra
    size, header = min(record.size, _LARGE32), min(record.header, _LARGE32)
    sizes = (info.made_by, info.needed, info.flags, 0, info.time, info.date, record.crc, size, size)
    rest = (len(info.name), len(extra), len(info.comment), 0, info.internal, info.external, header)
    return (
        b"PK\x01\x02" + struct.pack("<HHHHHHIII", *sizes) + struct.pack("<HHHHHII", *rest)
        + info.name + extra + info.comment
    )  # fmt: skip
