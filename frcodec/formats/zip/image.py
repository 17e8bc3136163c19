"""The framing of a zip archive with the offset of every field, read strictly."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from ...constants import Code
from ...errors import CorruptError, UnsupportedError
from ...tensors import Buffer
from .write import HAS_DESCRIPTOR, PADDING_FIELD, ZIP64_FIELD, MemberInfo

MAX_MEMBERS = 1 << 20
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0041 | 0x2000
_DEFLATE_RATIO = 1032
"""the most that deflate can expand"""
_LARGE16 = 0xFFFF
_LARGE32 = 0xFFFFFFFF
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive."""

    name: str
    info: MemberInfo
    compressed: bool
    crc: int
    """as the archive says it; 0 where the writer computed none"""
    size: int
    packed: memoryview
    """the bytes in the archive"""
    header: int
    payload: int
    end: int
    """offsets of the header, of the bytes, and behind the last byte or descriptor"""
    crc_fields: tuple[int, ...]
    """offsets of the fields that hold `crc`"""
    padded: bool
    """whether its header pads the bytes to an aligned offset"""

    def read(self, limit: int) -> Buffer:
        """The uncompressed bytes, checked against their size and checksum.

        Raises UnsupportedError (too_large) above `limit` bytes, CorruptError (bad_model) for damaged ones.
        """
        if self.size > limit:
            raise UnsupportedError(
                Code.TOO_LARGE,
                f"Member {self.name!r} of the model file has {self.size:,} bytes uncompressed, more than {limit:,}.",
            )
        data = _inflated(self) if self.compressed else self.packed
        if self.crc and zlib.crc32(data) != self.crc:
            raise _corrupt(f"the checksum of member {self.name!r} is wrong", self.payload)
        return data


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive taken apart."""

    members: tuple[Member, ...]
    """in the order of the directory"""
    comment: bytes
    zip64: bool
    """whether the directory ends with 64-bit records"""


def parse(image: memoryview) -> Archive:
    """The members of a zip archive that fills `image`.

    Raises CorruptError (bad_model) for any contradiction within the archive, UnsupportedError for encryption,
    compression other than deflate, several disks, or more than `MAX_MEMBERS` members.
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
            raise _corrupt(f"member {member.name!r} is there twice", member.header)
        names.add(member.name)
        members.append(member)
    if at != end:
        raise _corrupt("the directory of the archive has not the size that the archive says", at)
    _check_overlaps(members, start)
    return Archive(tuple(members), comment, zip64)


def _corrupt(what: str, offset: int) -> CorruptError:
    return CorruptError(Code.BAD_MODEL, f"The model file is damaged or cut short: {what}.", offset=offset)


def _directory(image: memoryview) -> tuple[int, int, int, bytes, bool]:
    """Start, end and number of entries of the directory, the comment, and whether 64-bit records follow it."""
    tail_start = max(0, len(image) - _END.size - _LARGE16)
    tail = bytes(image[tail_start:])
    found = tail.rfind(b"PK\x05\x06")
    while found >= 0 and found + _END.size + int.from_bytes(tail[found + 20 : found + 22], "little") != len(tail):
        found = tail.rfind(b"PK\x05\x06", 0, found + 3)
    if found < 0:
        raise _corrupt("it begins like a zip archive, but the end of one is missing", len(image))
    end = tail_start + found
    _, disk, start_disk, here, count, size, start, _ = _END.unpack_from(tail, found)
    comment = tail[found + _END.size :]
    zip64 = end >= 20 and bytes(image[end - 20 : end - 16]) == b"PK\x06\x07"
    if zip64:
        _, end, disks = struct.unpack_from("<IQI", image, end - 16)
        if disks > 1 or end + _END64.size > len(image) or bytes(image[end : end + 4]) != b"PK\x06\x06":
            raise _corrupt("the 64-bit end record of the archive is not where it should be", end)
        _, _, _, _, disk, start_disk, here, count, size, start = _END64.unpack_from(image, end)
    if disk or start_disk or here != count:
        raise UnsupportedError(Code.UNSUPPORTED_MODEL, "The model file is one part of a zip archive of several parts.")
    if start + size != end:
        raise _corrupt("the directory of the archive is not where the archive says", min(start, len(image)))
    return start, end, count, comment, zip64


def _member(image: memoryview, at: int, end: int) -> tuple[Member, int]:
    """The member that the directory describes at `at`, and the position behind its entry."""
    if at + _CENTRAL.size > end or bytes(image[at : at + 4]) != b"PK\x01\x02":
        raise _corrupt("an entry is missing in the directory of the archive", at)
    (_, made, needed, flags, method, time, date, crc, packed, size, name_length, extra_length, comment_length,
     disk, internal, external, header) = _CENTRAL.unpack_from(image, at)  # fmt: skip
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_length
    comment_at = extra_at + extra_length
    behind = comment_at + comment_length
    if behind > end:
        raise _corrupt("an entry runs past the directory of the archive", at)
    name = bytes(image[name_at:extra_at])
    large, extra, _ = _split_extra(bytes(image[extra_at:comment_at]), at)
    wide = struct.unpack(f"<{len(large) // 8}Q", large[: len(large) // 8 * 8])
    numbers = iter(wide)
    try:
        size, packed, header = (next(numbers) if n == _LARGE32 and wide else n for n in (size, packed, header))
    except RuntimeError:  # what next() becomes inside a generator
        raise _corrupt("a 64-bit size is missing in the directory of the archive", at) from None
    if flags & _ENCRYPTED:
        raise UnsupportedError(Code.UNSUPPORTED_MODEL, "The model file is an encrypted zip archive. Decrypt it first.")
    if method not in (_STORED, _DEFLATED) or disk not in (0, _LARGE16):
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL,
            f"A member of the model's zip archive is compressed by method {method}; only 0 and 8 are supported.",
        )
    if method == _STORED and packed != size or size > packed * _DEFLATE_RATIO + 64:
        raise _corrupt(f"a member of {packed:,} bytes cannot hold {size:,}", at)
    local = _local(image, header, (name, flags, method, crc, packed, size))
    info = MemberInfo(
        name, flags, made, needed, time, date, internal, external, local.extra, extra, bytes(image[comment_at:behind])
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
        behind,
    )


@dataclass(frozen=True, slots=True)
class _Local:
    """What the header before a member's bytes adds to the directory."""

    payload: int
    end: int
    crc_fields: tuple[int, ...]
    extra: bytes
    padded: bool


def _local(image: memoryview, at: int, said: tuple[bytes, int, int, int, int, int]) -> _Local:
    """The local header at `at`, checked against (name, flags, method, crc, packed, size) of the directory."""
    name, flags, method, crc, packed, size = said
    if at + _LOCAL.size > len(image) or bytes(image[at : at + 4]) != b"PK\x03\x04":
        raise _corrupt("a member is not where the directory of the archive says", min(at, len(image)))
    _, _, its_flags, its_method, _, _, its_crc, its_packed, its_size, name_length, extra_length = _LOCAL.unpack_from(
        image, at
    )
    name_at = at + _LOCAL.size
    payload = name_at + name_length + extra_length
    if payload + packed > len(image):
        raise _corrupt("a member runs past the end of the file", at)
    if bytes(image[name_at : name_at + name_length]) != name or (its_flags, its_method) != (flags, method):
        raise _corrupt("the header of a member contradicts the directory of the archive", at)
    large, extra, padded = _split_extra(bytes(image[name_at + name_length : payload]), at)
    if large and its_size == its_packed == _LARGE32 and len(large) >= 16:
        its_size, its_packed = struct.unpack_from("<QQ", large)
    deferred = bool(flags & HAS_DESCRIPTOR)
    agreed = all(a == b or (deferred and a == 0) for a, b in ((its_crc, crc), (its_packed, packed), (its_size, size)))
    if not agreed:
        raise _corrupt("the sizes before a member contradict the directory of the archive", at)
    end = payload + packed
    fields: tuple[int, ...] = (at + 14,)
    if deferred:
        width, field = _descriptor(image, end, (crc, packed, size))
        end, fields = end + width, (at + 14, field) if its_crc == crc else (field,)
    return _Local(payload, end, fields, extra, padded)


def _descriptor(image: memoryview, at: int, said: tuple[int, int, int]) -> tuple[int, int]:
    """Length of the data descriptor at `at` and offset of its CRC-32; it comes in four forms."""
    for mark in (b"PK\x07\x08", b""):
        for layout in ("<III", "<IQQ"):
            width = len(mark) + struct.calcsize(layout)
            if at + width > len(image) or bytes(image[at : at + len(mark)]) != mark:
                continue
            if struct.unpack_from(layout, image, at + len(mark)) == said:
                return width, at + len(mark)
    raise _corrupt("the record behind a member contradicts the directory of the archive", min(at, len(image)))


def _split_extra(extra: bytes, offset: int) -> tuple[bytes, bytes, bool]:
    """The 64-bit sizes among the extra fields, all other fields but padding, and whether there was padding."""
    large: bytes | None = None
    rest: list[bytes] = []
    padded = False
    at = 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        end = at + 4 + length
        if end > len(extra):
            break  # some writers leave bytes that are no field
        if field == ZIP64_FIELD:
            if large is not None:
                raise _corrupt("a member has its 64-bit sizes twice", offset)
            large = extra[at + 4 : end]
        elif extra[at : at + 2] == PADDING_FIELD:
            padded = True
        else:
            rest.append(extra[at:end])
        at = end
    return large or b"", b"".join([*rest, extra[at:]]), padded


def _check_overlaps(members: list[Member], directory: int) -> None:
    """No two members share bytes: a small archive of overlapping members can unpack to petabytes."""
    before = 0
    for member in sorted(members, key=lambda m: m.header):
        if member.header < before or member.end > directory:
            raise _corrupt(f"member {member.name!r} overlaps its neighbour", member.header)
        before = member.end


def _inflated(member: Member) -> bytes:
    """The bytes of a deflated member; never more than its size."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = machine.decompress(member.packed, member.size + 1)
    except zlib.error as error:
        raise _corrupt(f"member {member.name!r} cannot be inflated ({error})", member.payload) from None
    if len(data) != member.size or not machine.eof or machine.unused_data:
        raise _corrupt(f"member {member.name!r} has not the size that the archive says", member.payload)
    return data
