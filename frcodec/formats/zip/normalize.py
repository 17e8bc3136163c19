"""Rewrites an archive with all members stored: inflated text compresses better as part of a skeleton."""

from __future__ import annotations

from dataclasses import replace

from ...constants import Code
from ...errors import UnsupportedError
from ...tensors import Buffer
from .image import Archive
from .write import ZipWriter

_ALIGNMENT = 64
"""PyTorch's default"""
_MAX_ALIGNMENT = 1 << 16


def normalize(image: memoryview, archive: Archive, max_bytes: int) -> tuple[list[Buffer], Archive]:
    """Return the pieces of the archive with stored members only, and that archive; unchanged if nothing is deflated.

    Order, names, flags, times and comments are kept; padding is recomputed. Stored payloads are not copied.

    Raises UnsupportedError (too_large) if the result would exceed `max_bytes`, CorruptError (bad_model) for
    members that cannot be inflated.
    """
    if not any(member.compressed for member in archive.members):
        return [image], archive
    total = sum(member.size for member in archive.members)
    if total > max_bytes:
        raise UnsupportedError(
            Code.TOO_LARGE, f"The model file has {total:,} bytes uncompressed, more than the limit of {max_bytes:,}."
        )
    pieces: list[Buffer] = []
    writer = ZipWriter(pieces.append)
    alignment = _alignment(archive)
    in_order = sorted(archive.members, key=lambda member: member.header)
    payloads = [memoryview(m.read(max_bytes)) if m.compressed else m.packed for m in in_order]
    for member, payload in zip(in_order, payloads, strict=True):
        writer.add(member.info, [payload], align=alignment if member.padded else 1, crc=member.crc)
    places = writer.finish(comment=archive.comment, zip64=archive.zip64)
    members = [
        replace(
            member,
            compressed=False,
            packed=payload,
            payload=place.payload,
            crc_fields=place.crc_fields,
        )
        for member, payload, place in zip(in_order, payloads, places, strict=True)
    ]
    return pieces, Archive(tuple(members), archive.comment, archive.zip64)


def _alignment(archive: Archive) -> int:
    """Alignment of payloads in bytes: as recorded in the archive, otherwise PyTorch's default."""
    for member in archive.members:
        if member.name.endswith("/.storage_alignment") and member.size <= 8:
            text = bytes(member.read(8))
            value = int(text) if text.isdigit() else 0
            if 0 < value <= _MAX_ALIGNMENT:
                return value
    return _ALIGNMENT
