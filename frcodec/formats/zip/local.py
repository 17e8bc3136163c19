"""The local header of a zip member, its extra fields and its data descriptor, checked against the central directory."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ...constants import Code
from ...errors import CorruptError
from .write import HAS_DESCRIPTOR, PADDING_FIELD, ZIP64_FIELD

LARGE32 = 0xFFFFFFFF
"""in place of a number that does not fit in 32 bits"""
_HEADER = struct.Struct("<4sHHHHHIIIHH")
_SIGNATURE = b"PK\x03\x04"
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_CRC_AT = 14
"""offset of the CRC-32 in a local header"""


@dataclass(frozen=True, slots=True)
class Described:
    """A member as the central directory describes it."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int


@dataclass(frozen=True, slots=True)
class Local:
    """What a local header adds to the central directory."""

    payload: int
    end: int
    """offsets of the bytes, and of the end of the bytes or of their descriptor"""
    crc_fields: tuple[int, ...]
    extra: bytes
    """the extra fields without sizes and padding"""
    padded: bool


def damaged(what: str, offset: int) -> CorruptError:
    """The error for an archive that contradicts itself."""
    return CorruptError(Code.BAD_MODEL, f"The model file is damaged or cut short: {what}.", offset=offset)


def read_local(image: memoryview, at: int, member: Described) -> Local:
    """The local header at `at`. Raises CorruptError (bad_model) where it contradicts the central directory."""
    if at + _HEADER.size > len(image) or bytes(image[at : at + 4]) != _SIGNATURE:
        raise damaged("a member is not where the directory of the archive says", min(at, len(image)))
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _HEADER.unpack_from(image, at)
    name_at = at + _HEADER.size
    extra_at = name_at + name_length
    payload = extra_at + extra_length
    end = payload + member.packed
    if end > len(image):
        raise damaged("a member runs past the end of the file", at)
    if bytes(image[name_at:extra_at]) != member.name or (flags, method) != (member.flags, member.method):
        raise damaged("the header of a member contradicts the directory of the archive", at)
    wide, extra, padded = split_extra(bytes(image[extra_at:payload]), at)
    if size == packed == LARGE32 and len(wide) >= 16:
        size, packed = struct.unpack_from("<QQ", wide)
    deferred = bool(flags & HAS_DESCRIPTOR)
    for value, expected in ((crc, member.crc), (packed, member.packed), (size, member.size)):
        if value != expected and not (deferred and value == 0):
            raise damaged("the sizes before a member contradict the directory of the archive", at)
    crc_fields: tuple[int, ...] = (at + _CRC_AT,)
    if deferred:
        length, field = _descriptor(image, end, member)
        end += length
        crc_fields = (*crc_fields, field) if crc == member.crc else (field,)
    return Local(payload, end, crc_fields, extra, padded)


def _descriptor(image: memoryview, at: int, member: Described) -> tuple[int, int]:
    """Length of the data descriptor at `at` and offset of its CRC-32; with and without signature, 32-bit and 64-bit."""
    for signature in (_DESCRIPTOR_SIGNATURE, b""):
        for layout in ("<III", "<IQQ"):
            length = len(signature) + struct.calcsize(layout)
            if at + length > len(image) or bytes(image[at : at + len(signature)]) != signature:
                continue
            fields = struct.unpack_from(layout, image, at + len(signature))
            if fields == (member.crc, member.packed, member.size):
                return length, at + len(signature)
    raise damaged("the record behind a member contradicts the directory of the archive", min(at, len(image)))


def split_extra(extra: bytes, offset: int) -> tuple[bytes, bytes, bool]:
    """The zip64 sizes among the extra fields, all other fields except padding, and whether there was padding."""
    wide: bytes | None = None
    rest: list[bytes] = []
    padded = False
    at = 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        end = at + 4 + length
        if end > len(extra):
            break  # some writers leave bytes that are no field
        if field == ZIP64_FIELD:
            if wide is not None:
                raise damaged("a member has its 64-bit sizes twice", offset)
            wide = extra[at + 4 : end]
        elif extra[at : at + 2] == PADDING_FIELD:
            padded = True
        else:
            rest.append(extra[at:end])
        at = end
    return wide or b"", b"".join([*rest, extra[at:]]), padded
