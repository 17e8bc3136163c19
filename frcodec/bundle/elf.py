"""The parts of an ELF image that decide whether Android can map it: class, machine, loadable segments."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

_IDENT = 16
_CLASS32, _CLASS64 = 1, 2
_LITTLE = 1
_LOAD = 1
_SHARED_OBJECT = 3
_MOST_SEGMENTS = 1024
_FARTHEST_TABLE = 1 << 20
"""the largest offset of the segment table, which linkers put right after the header"""


class NoElfError(Exception):
    """The image is not a shared library."""


@dataclass(frozen=True, slots=True)
class Image:
    """A shared library."""

    bits: int
    """32 or 64"""
    machine: int
    """number of the instruction set"""
    alignment: int
    """bytes: the largest page size at which every loaded segment can be mapped; 0 without such segments"""


def read(head: Callable[[int], bytes]) -> Image:
    """The image whose first bytes `head(count)` gives, fewer where it is shorter. Raises NoElfError."""
    ident = head(_IDENT)
    if ident[:4] != b"\x7fELF" or len(ident) < _IDENT:
        raise NoElfError("it does not begin like an ELF file")
    if ident[4] not in (_CLASS32, _CLASS64) or ident[5] != _LITTLE:
        raise NoElfError("its class or byte order is none that Android has")
    wide = ident[4] == _CLASS64
    layout = struct.Struct("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH")
    header = head(_IDENT + layout.size)[_IDENT:]
    if len(header) < layout.size:
        raise NoElfError("it ends within its header")
    kind, machine, _, _, table, _, _, _, entry_size, count, *_ = layout.unpack(header)
    segment = struct.Struct("<IIQQQQQQ" if wide else "<IIIIIIII")
    if kind != _SHARED_OBJECT:
        raise NoElfError("it is not a shared library")
    if entry_size != segment.size or not 0 < count <= _MOST_SEGMENTS or table > _FARTHEST_TABLE:
        raise NoElfError("its table of segments is damaged")
    end = table + count * segment.size
    content = head(end)
    if len(content) < end:
        raise NoElfError("it ends within its table of segments")
    rows = segment.iter_unpack(content[table:end])
    places = [(row[2], row[3], row[7]) if wide else (row[1], row[2], row[7]) for row in rows if row[0] == _LOAD]
    return Image(64 if wide else 32, machine, min((_mappable(*place) for place in places), default=0))


def _mappable(offset: int, address: int, alignment: int) -> int:
    """The largest page size for which the segment claims alignment and whose pages begin alike in file and memory."""
    if alignment & (alignment - 1):
        return 1
    apart = (address - offset) & ((1 << 64) - 1)
    return min(alignment or 1, apart & -apart) if apart else alignment or 1
