"""The skeleton section: a model file without its tensors (spec section "Skeleton").

[kind, size, crc, holes, patches, gaps]
holes    for each: bytes between the end of the hole before and this one, entry
patches  for each: bytes between the end of the patch before and this one, hole
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..constants import Code
from ..errors import CorruptError, UnsupportedError
from ..formats.model import PATCH_BYTES, Hole, Patch, Skeleton, check
from . import packed

_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class Plan:
    """How to rebuild a model file."""

    kind: str
    """the kind of file, for people"""
    skeleton: Skeleton
    crc: int
    """CRC-32 of the rebuilt file"""


def write(plan: Plan) -> bytes:
    """Payload of the skeleton section."""
    holes, patches, end = [], [], 0
    for hole in plan.skeleton.holes:
        holes += [hole.offset - end, hole.entry]
        end = hole.offset + hole.length
    end = 0
    for patch in plan.skeleton.patches:
        patches += [patch.offset - end, patch.hole]
        end = patch.offset + PATCH_BYTES
    return packed.write([plan.kind, plan.skeleton.size, plan.crc, holes, patches, plan.skeleton.gaps])


def read(payload: bytes | memoryview, entry_sizes: Sequence[int | None], limit: int) -> Plan:
    """Inverse of `write`, checked to be rebuildable from entries of these sizes (None for a view)."""
    value = packed.read(payload, limit)
    if not isinstance(value, list) or [type(v) for v in value] != [str, int, int, list, list, bytes]:
        raise _bad("it is not an array of kind, size, checksum, holes, patches and gaps")
    kind, size, crc, hole_column, patch_column, gaps = value
    if not 0 <= crc < 1 << 32:
        raise _bad(f"its checksum {crc} is none")
    if size > limit:
        raise UnsupportedError(Code.TOO_LARGE, f"The model file has {size} bytes; {limit} are allowed.")
    holes, end = [], 0
    for gap, entry in _pairs(hole_column):
        length = entry_sizes[entry] if entry < len(entry_sizes) else None
        if length is None:
            raise _bad(f"a hole is filled by entry {entry}, which stores no bytes")
        holes.append(Hole(end + gap, length, entry))
        end += gap + length
    patches, end = [], 0
    for gap, number in _pairs(patch_column):
        patches.append(Patch(end + gap, number))
        end += gap + PATCH_BYTES
    skeleton = Skeleton(size, gaps, tuple(holes), tuple(patches))
    check(skeleton, entry_sizes)
    return Plan(kind, skeleton, crc)


def _pairs(column: Any) -> list[tuple[int, int]]:
    if len(column) % 2 or not all(type(v) is int and 0 <= v <= _LARGEST for v in column):
        raise _bad("holes and patches are no pairs of integers in 0 … 2^53")
    return list(zip(column[::2], column[1::2], strict=True))


def _bad(what: str) -> CorruptError:
    return CorruptError(Code.BAD_SKELETON, f"The skeleton of the model file is damaged: {what}.")
