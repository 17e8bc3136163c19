"""A model file without its tensors: the bytes around the holes, and what is to be put back in.

model file = gap ‖ tensor ‖ gap ‖ tensor ‖ … ‖ gap
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..constants import Code
from ..container.crc32 import combine, crc32
from ..errors import CorruptError
from ..tensors import Buffer, Entry

PATCH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Hole:
    """A range of the model file that is filled by the bytes of one stored tensor."""

    offset: int
    """first byte in the model file"""
    length: int
    """bytes; equal to the byte size of the tensor"""
    entry: int
    """position of the `Stored` in the list of entries"""


@dataclass(frozen=True, slots=True)
class Patch:
    """Four bytes of the model file, outside all holes, that hold the CRC-32 of a hole's bytes, little-endian.

    A patch may precede its hole only if no other hole lies between the two, so that a rebuilder never looks
    further ahead than the next tensor.
    """

    offset: int
    hole: int


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Everything of a model file but its tensors."""

    size: int
    """bytes of the whole model file"""
    gaps: bytes
    """all bytes outside the holes, in order; zero where a patch lies"""
    holes: tuple[Hole, ...]
    """ascending by offset, not overlapping"""
    patches: tuple[Patch, ...]
    """ascending by offset, not overlapping"""


@dataclass(frozen=True, slots=True)
class Model:
    """A model file taken apart."""

    kind: str
    """for people: "PyTorch zip", "TorchScript", "lite interpreter", "ExecuTorch", "ExecuTorch data", "safetensors" or
    "PyTorch legacy" """
    entries: Sequence[Entry]
    """named tensors in dictionary order; their data may lie in a mapping of the file"""
    skeleton: Skeleton | None
    """None where only the tensors are wanted"""
    exact: frozenset[int]
    """positions of stored tensors that the reader knows to be no weights (optimizer state, quantization scales)"""


def cut(pieces: Iterable[Buffer], holes: Sequence[Hole], patches: Sequence[Patch]) -> Skeleton:
    """The skeleton of the model file that is the concatenation of `pieces`.

    Holes and patches must be ascending by offset. Only the bytes outside of the holes are copied.
    """
    gaps = bytearray()
    start, number = 0, 0
    for piece in pieces:
        view = memoryview(piece).cast("B")
        end, at = start + len(view), start
        while number < len(holes) and holes[number].offset < end:
            hole = holes[number]
            gaps += view[at - start : max(hole.offset, at) - start]
            at = min(hole.offset + hole.length, end)
            if hole.offset + hole.length > end:
                break  # the hole goes on in the next piece
            number += 1
        gaps += view[at - start :]
        start = end
    for _, at in _gap_positions(holes, patches):
        gaps[at : at + PATCH_BYTES] = bytes(PATCH_BYTES)
    return Skeleton(start, bytes(gaps), tuple(holes), tuple(patches))


def rebuild(skeleton: Skeleton, fetch: Callable[[int], Buffer], write: Callable[[Buffer], object]) -> int:
    """Write the model file from its first byte to its last, and return the CRC-32 of all of it.

    `fetch(entry)` gives the bytes of a stored tensor; it is called once for each hole, in ascending order of the
    holes, and at most one answer is held at a time. The skeleton must have passed `check`.

    Raises CorruptError (bad_skeleton) if a tensor does not have the size of its hole.
    """
    gaps = memoryview(skeleton.gaps)
    sums: list[int] = []
    ahead: memoryview | None = None
    total, written, at = 0, 0, 0

    def put(data: Buffer) -> None:
        nonlocal total, written
        total = crc32(data, total)
        written += len(data)
        write(data)

    def load(hole: Hole) -> memoryview:
        data = memoryview(fetch(hole.entry)).cast("B")
        if len(data) != hole.length:
            raise _bad(f"tensor {hole.entry} has {len(data):,} bytes, but its hole {hole.length:,}")
        sums.append(crc32(data))
        return data

    for event in _events(skeleton):
        gap = gaps[at : at + event.offset - written]
        at += len(gap)
        put(gap)
        if isinstance(event, Hole):
            put(ahead if ahead is not None else load(event))
            ahead = None
            continue
        if event.hole == len(sums):
            ahead = load(skeleton.holes[event.hole])
        put(sums[event.hole].to_bytes(PATCH_BYTES, "little"))
        at += PATCH_BYTES
    put(gaps[at:])
    return total


def checksum(skeleton: Skeleton, sums: Mapping[int, int]) -> int:
    """CRC-32 of the file that `rebuild` would write, from the CRC-32 of each entry that fills a hole."""
    gaps = memoryview(skeleton.gaps)
    total, written, at = 0, 0, 0
    for event in _events(skeleton):
        gap = gaps[at : at + event.offset - written]
        total = crc32(gap, total)
        at, written = at + len(gap), event.offset
        if isinstance(event, Hole):
            total = combine(total, sums[event.entry], event.length)
            written += event.length
        else:
            total = crc32(sums[skeleton.holes[event.hole].entry].to_bytes(PATCH_BYTES, "little"), total)
            at, written = at + PATCH_BYTES, written + PATCH_BYTES
    return crc32(gaps[at:], total)


def check(skeleton: Skeleton, entry_sizes: Sequence[int | None]) -> None:
    """Refuse a skeleton that breaks a rule of the classes above, so that `rebuild` may trust it.

    `entry_sizes` has the bytes of each stored tensor, None for a view.

    Raises CorruptError (bad_skeleton).
    """
    if len({hole.entry for hole in skeleton.holes}) < len(skeleton.holes):
        raise _bad("a tensor fills two holes")
    end = 0
    for number, hole in enumerate(skeleton.holes):
        if not 0 <= hole.entry < len(entry_sizes):
            raise _bad(f"hole {number} is filled by tensor {hole.entry}, but there are {len(entry_sizes)}")
        if entry_sizes[hole.entry] != hole.length or hole.length <= 0:
            raise _bad(f"hole {number} has {hole.length:,} bytes, its tensor {entry_sizes[hole.entry]}")
        if not end <= hole.offset <= skeleton.size - hole.length:
            raise _bad(f"hole {number} lies outside of the file or over the hole before it")
        end = hole.offset + hole.length
    if skeleton.size != len(skeleton.gaps) + sum(hole.length for hole in skeleton.holes):
        raise _bad(f"gaps and holes together do not make the file size of {skeleton.size:,} bytes")
    _check_patches(skeleton)


def _check_patches(skeleton: Skeleton) -> None:
    """Patches lie outside of holes and of each other, and look at most one hole ahead."""
    end, passed = 0, 0
    for patch in skeleton.patches:
        while passed < len(skeleton.holes) and skeleton.holes[passed].offset < patch.offset + PATCH_BYTES:
            end = max(end, skeleton.holes[passed].offset + skeleton.holes[passed].length)
            passed += 1
        if not end <= patch.offset <= skeleton.size - PATCH_BYTES:
            raise _bad(f"the checksum at {patch.offset:,} lies outside of the file, in a hole or over another")
        if not 0 <= patch.hole <= min(passed, len(skeleton.holes) - 1):
            raise _bad(f"the checksum at {patch.offset:,} is of hole {patch.hole}, which is none or too far ahead")
        end = patch.offset + PATCH_BYTES
    for patch, at in _gap_positions(skeleton.holes, skeleton.patches):
        if any(skeleton.gaps[at : at + PATCH_BYTES]):
            raise _bad(f"the bytes kept for the checksum at {patch.offset:,} are not zero")


def _events(skeleton: Skeleton) -> list[Hole | Patch]:
    """Holes and patches in the order of the file."""
    return sorted((*skeleton.holes, *skeleton.patches), key=lambda event: event.offset)


def _gap_positions(holes: Sequence[Hole], patches: Sequence[Patch]) -> Iterable[tuple[Patch, int]]:
    """Where the patches lie among the gap bytes."""
    number, filled = 0, 0
    for patch in patches:
        while number < len(holes) and holes[number].offset < patch.offset:
            filled += holes[number].length
            number += 1
        yield patch, patch.offset - filled


def _bad(what: str) -> CorruptError:
    return CorruptError(Code.BAD_SKELETON, f"The skeleton of the model file is damaged: {what}.")
