"""A strict reader of zip archives that keeps the offset of every field: central directory and members."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from ...constants import Code
from ...errors import UnsupportedError
from ...tensors import Buffer
from .local import LARGE32, Described, damaged, read_local, split_extra
from .write import MemberInfo

MAX_MEMBERS = 1 << 20
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0041 | 0x2000
_DEFLATE_RATIO = 1032
"""the maximum expansion of deflate"""
_LARGE16 = 0xFFFF
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive."""

    name: str
    info: MemberInfo
    compressed: bool
    crc: int
    """as recorded in the archive; 0 if its writer computed none"""
    size: int
    packed: memoryview
    """the bytes as they are in the archive"""
    header: int
    payload: int
    end: int
    """offsets of the local header, of the bytes, and of the end of the bytes or of their data descriptor"""
    crc_fields: tuple[int, ...]
    """offsets of the fields that store `crc`"""
    padded: bool
    """whether its local header pads the bytes to an aligned offset"""

    def read(self, limit: int) -> Buffer:
        """Read the uncompressed bytes and check their size and CRC-32.

        Raises UnsupportedError (too_large) above `limit` bytes, CorruptError (bad_model) for damaged data.
        """
        if self.size > limit:
            raise UnsupportedError(
                Code.TOO_LARGE,
                f"Member {self.name!r} of the model file has {self.size:,} bytes uncompressed, more than {limit:,}.",
            )
        data = _inflated(self) if self.compressed else self.packed
        if self.crc and zlib.crc32(data) != self.crc:
            raise damaged(f"the checksum of member {self.name!r} is wrong", self.payload)
        return data


@dataclass(frozen=True, slots=True)
class Archive:
    """A parsed zip archive."""

    members: tuple[Member, ...]
    """in the order of the central directory"""
    comment: bytes
    zip64: bool
    """whether there is a zip64 end record"""


def parse(image: memoryview) -> Archive:
    """Parse a zip archive that fills `image`.

    Raises CorruptError (bad_model) for any inconsistency, UnsupportedError for encryption,
    compression other than deflate, multiple disks, or more than `MAX_MEMBERS` members.
    """
    start, end, count, comment, zip64 = _directory(image)
    if count > MAX_MEMBERS:
        raise UnsupportedError(
            Code.TOO_LARGE, f"The archive has {count:,} members; at most {MAX_MEMBERS:,} are supported."
        )
    members: list[Member] = []
    names: set[str] = set()
    at = start
    for _ in range(count):
        member, at = _member(image, at, end)
        if member.name in names:
            raise damaged(f"member {member.name!r} is listed twice", member.header)
        names.add(member.name)
        members.append(member)
    if at != end:
        raise damaged("the directory of the archive has not its recorded size", at)
    _check_overlaps(members, start)
    return Archive(tuple(members), comment, zip64)


def _directory(image: memoryview) -> tuple[int, int, int, bytes, bool]:
    """Start, end and number of entries of the central directory, the comment, and whether it is zip64."""
    tail_start = max(0, len(image) - _END.size - _LARGE16)
    tail = bytes(image[tail_start:])
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at + 3)
    if at < 0:
        raise damaged("it begins like a zip archive, but the end of one is missing", len(image))
    end = tail_start + at
    _, disk, start_disk, count_here, count, size, start, _ = _END.unpack_from(tail, at)
    comment = tail[at + _END.size :]
    zip64 = end >= 20 and bytes(image[end - 20 : end - 16]) == b"PK\x06\x07"
    if zip64:
        _, end, disks = struct.unpack_from("<IQI", image, end - 16)
        if disks > 1 or end + _END64.size > len(image) or bytes(image[end : end + 4]) != b"PK\x06\x06":
            raise damaged("the 64-bit end record of the archive is not where it should be", end)
        _, _, _, _, disk, start_disk, count_here, count, size, start = _END64.unpack_from(image, end)
    if disk or start_disk or count_here != count:
        raise UnsupportedError(Code.UNSUPPORTED_MODEL, "The model file is one part of a zip archive of several parts.")
    if start + size != end:
        raise damaged("the directory of the archive is not at its recorded place", min(start, len(image)))
    return start, end, count, comment, zip64


def _member(image: memoryview, at: int, end: int) -> tuple[Member, int]:
    """The member whose directory entry is at `at`, and the end of that entry."""
    if at + _CENTRAL.size > end or bytes(image[at : at + 4]) != b"PK\x01\x02":
        raise damaged("an entry is missing in the directory of the archive", at)
    (_, made_by, needed, flags, method, time, date, crc, packed, size, name_length, extra_length, comment_length,
     disk, internal, external, header) = _CENTRAL.unpack_from(image, at)  # fmt: skip
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    comment_at = extra_at + extra_length
    entry_end = comment_at + comment_length
    if entry_end > end:
        raise damaged("an entry runs past the directory of the archive", at)
    name = bytes(image[name_at:extra_at])
    wide, extra, _ = split_extra(bytes(image[extra_at:comment_at]), at)
    size, packed, header = _with_wide_sizes((size, packed, header), wide, at)
    if flags & _ENCRYPTED:
        raise UnsupportedError(Code.UNSUPPORTED_MODEL, "The model file is an encrypted zip archive. Decrypt it first.")
    if method not in (_STORED, _DEFLATED) or disk not in (0, _LARGE16):
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL,
            f"A member of the model's zip archive is compressed by method {method}; only 0 and 8 are supported.",
        )
    if method == _STORED and packed != size or size > packed * _DEFLATE_RATIO + 64:
        raise damaged(f"a member of {packed:,} bytes cannot hold {size:,}", at)
    local = read_local(image, header, Described(name, flags, method, crc, packed, size))
    info = MemberInfo(
        name,
        flags,
        made_by,
        needed,
        time,
        date,
        internal,
        external,
        local.extra,
        extra,
        bytes(image[comment_at:entry_end]),
    )
    return (
        Member(
            name=name.decode("utf-8", "backslashreplace"),
            info=info,
            compressed=method == _DEFLATED,
            crc=crc,
            size=size,
            packed=image[local.payload : local.payload + packed],
            header=header,
            payload=local.payload,
            end=local.end,
            crc_fields=(*local.crc_fields, at + 16),
            padded=local.padded,
        ),
        entry_end,
    )


def _with_wide_sizes(sizes: tuple[int, int, int], wide: bytes, offset: int) -> list[int]:
    """Size, packed size and header offset, each that does not fit in 32 bits replaced by its zip64 field."""
    numbers = [number for (number,) in struct.iter_unpack("<Q", wide[: len(wide) // 8 * 8])]
    if not numbers:
        return list(sizes)
    if sizes.count(LARGE32) > len(numbers):
        raise damaged("a 64-bit size is missing in the directory of the archive", offset)
    return [numbers.pop(0) if value == LARGE32 else value for value in sizes]


def _check_overlaps(members: list[Member], directory: int) -> None:
    """Refuse members that share bytes: a small archive of overlapping members can unpack to petabytes."""
    before = 0
    for member in sorted(members, key=lambda m: m.header):
        if member.header < before or member.end > directory:
            raise damaged(f"member {member.name!r} overlaps another", member.header)
        before = member.end


def _inflated(member: Member) -> bytes:
    """Inflate a member, to at most its recorded size."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(member.packed, member.size + 1)
    except zlib.error as error:
        raise damaged(f"member {member.name!r} cannot be inflated ({error})", member.payload) from None
    if len(data) != member.size or not inflater.eof or inflater.unused_data:
        raise damaged(f"member {member.name!r} has not its recorded size", member.payload)
    return data
