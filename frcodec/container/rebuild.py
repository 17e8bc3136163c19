"""Rebuild a model file from its skeleton and decoded tensors, or only its CRC-32."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..constants import Code
from ..errors import CorruptError
from ..tensors import Buffer
from .crc32 import combine, crc32
from .skeleton import PATCH_BYTES, Hole, Patch, Skeleton


def write_model(skeleton: Skeleton, fetch: Callable[[int], Buffer], write: Callable[[Buffer], object]) -> int:
    """Write the model file from its first byte to its last, and return its CRC-32.

    `fetch(entry)` returns the bytes of a stored tensor; it is called once for each hole, in ascending order, and at
    most one result is held at a time. The skeleton must have passed `skeleton.check`.
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
            raise CorruptError(
                Code.BAD_SKELETON,
                f"The skeleton of the model file is damaged: tensor {hole.entry} has {len(data):,} bytes, "
                f"but its hole {hole.length:,}.",
            )
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
    """CRC-32 of the file that `write_model` would write, from the CRC-32 of each entry that fills a hole."""
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


def _events(skeleton: Skeleton) -> list[Hole | Patch]:
    """Holes and patches in the order of the file."""
    return sorted((*skeleton.holes, *skeleton.patches), key=lambda event: event.offset)
