"""The skeleton section: a model file without its tensors (spec section "Skeleton").

[kind, size, crc, holes, patches, gaps]
holes    for each: bytes between the end of the hole before and this one, entry
patches  for each: bytes between the end of the patch before and this one, hole
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..constants import Code
from ..errors import CorruptError, UnsupportedError
from . import packed

PATCH_BYTES = 4
"""of a CRC-32"""


@dataclass(frozen=True, slots=True)
class Hole:
    """A range of the model file that holds the bytes of one stored tensor."""

    offset: int
    """first byte in the model file"""
    length: int
    """bytes; equal to the byte size of the tensor"""
    entry: int
    """position of the tensor in the index"""


@dataclass(frozen=True, slots=True)
class Patch:
    """Four bytes of the model file, outside all holes, that hold the CRC-32 of a hole's bytes, little-endian.

    A patch may precede its hole only if no other hole lies between the two, so that rebuilding looks ahead by one
    tensor at most.
    """

    offset: int
    """first byte in the model file"""
    hole: int
    """position of the hole in the list of holes"""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A model file without its tensors."""

    size: int
    """bytes of the whole model file"""
    gaps: bytes
    """all bytes outside the holes, in order; zero where a patch lies"""
    holes: tuple[Hole, ...]
    """ascending by offset, not overlapping"""
    patches: tuple[Patch, ...]
    """ascending by offset, not overlapping"""


@dataclass(frozen=True, slots=True)
class RebuildRecipe:
    """All that is needed to rebuild a model file from its tensors."""

    kind: str
    """name of the file format, for display only"""
    skeleton: Skeleton
    crc: int
    """CRC-32 of the rebuilt file"""


def write(recipe: RebuildRecipe) -> bytes:
    """Payload of the skeleton section."""
    holes, patches, end = [], [], 0
    for hole in recipe.skeleton.holes:
        holes += [hole.offset - end, hole.entry]
        end = hole.offset + hole.length
    end = 0
    for patch in recipe.skeleton.patches:
        patches += [patch.offset - end, patch.hole]
        end = patch.offset + PATCH_BYTES
    return packed.write([recipe.kind, recipe.skeleton.size, recipe.crc, holes, patches, recipe.skeleton.gaps])


def read(payload: bytes | memoryview, entry_sizes: Sequence[int | None], limit: int) -> RebuildRecipe:
    """Inverse of `write`; checks that the file can be rebuilt from entries of these sizes in bytes, None for a view.

    Raises CorruptError, or UnsupportedError (too_large) for a model file of more than `limit` bytes.
    """
    value = packed.read(payload, limit)
    if not isinstance(value, list) or [type(v) for v in value] != [str, int, int, list, list, bytes]:
        raise _bad("it is not an array of kind, size, checksum, holes, patches and gaps")
    kind, size, crc, hole_column, patch_column, gaps = value
    if not 0 <= crc < 1 << 32:
        raise _bad(f"its checksum {crc} does not fit into 32 bits")
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
    return RebuildRecipe(kind, skeleton, crc)


def _pairs(column: Any) -> list[tuple[int, int]]:
    if len(column) % 2 or not packed.are_integers(column):
        raise _bad("holes and patches are not pairs of integers in 0 … 2^53")
    return list(zip(column[::2], column[1::2], strict=True))


def check(skeleton: Skeleton, entry_sizes: Sequence[int | None]) -> None:
    """Check every rule of the classes above; `rebuild` relies on them.

    `entry_sizes` holds the bytes of each stored tensor, None for a view. Raises CorruptError (bad_skeleton).
    """
    if len({hole.entry for hole in skeleton.holes}) < len(skeleton.holes):
        raise _bad("a tensor fills two holes")
    end = 0
    for number, hole in enumerate(skeleton.holes):
        if not 0 <= hole.entry < len(entry_sizes):
            raise _bad(f"hole {number} is filled by tensor {hole.entry}, but there are only {len(entry_sizes)}")
        if entry_sizes[hole.entry] != hole.length or hole.length <= 0:
            raise _bad(f"hole {number} has {hole.length:,} bytes, its tensor {entry_sizes[hole.entry]}")
        if not end <= hole.offset <= skeleton.size - hole.length:
            raise _bad(f"hole {number} lies outside the file or overlaps the hole before it")
        end = hole.offset + hole.length
    if skeleton.size != len(skeleton.gaps) + sum(hole.length for hole in skeleton.holes):
        raise _bad(f"gaps and holes do not add up to the file size of {skeleton.size:,} bytes")
    _check_patches(skeleton)


def _check_patches(skeleton: Skeleton) -> None:
    """Check that patches overlap neither holes nor each other, and precede their hole by at most one."""
    end, passed = 0, 0
    for patch in skeleton.patches:
        while passed < len(skeleton.holes) and skeleton.holes[passed].offset < patch.offset + PATCH_BYTES:
            end = max(end, skeleton.holes[passed].offset + skeleton.holes[passed].length)
            passed += 1
        if not end <= patch.offset <= skeleton.size - PATCH_BYTES:
            raise _bad(
                f"the checksum at {patch.offset:,} lies outside the file, or overlaps a hole or another checksum"
            )
        if not 0 <= patch.hole <= min(passed, len(skeleton.holes) - 1):
            raise _bad(
                f"the checksum at {patch.offset:,} is of hole {patch.hole}, which does not exist or is too far ahead"
            )
        end = patch.offset + PATCH_BYTES
    for patch, at in gap_positions(skeleton.holes, skeleton.patches):
        if any(skeleton.gaps[at : at + PATCH_BYTES]):
            raise _bad(f"the bytes reserved for the checksum at {patch.offset:,} are not zero")


def gap_positions(holes: Sequence[Hole], patches: Sequence[Patch]) -> Iterable[tuple[Patch, int]]:
    """Every patch with its offset in the gap bytes."""
    number, filled = 0, 0
    for patch in patches:
        while number < len(holes) and holes[number].offset < patch.offset:
            filled += holes[number].length
            number += 1
        yield patch, patch.offset - filled


def _bad(what: str) -> CorruptError:
    return CorruptError(Code.BAD_SKELETON, f"The skeleton of the model file is damaged: {what}.")
