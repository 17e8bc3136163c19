"""A model file of another format taken apart: named tensors, and a skeleton with holes for their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..container.skeleton import PATCH_BYTES, Hole, Patch, Skeleton, gap_positions
from ..tensors import Buffer, Entry


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
    lossless: frozenset[int]
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
    for _, at in gap_positions(holes, patches):
        gaps[at : at + PATCH_BYTES] = bytes(PATCH_BYTES)
    return Skeleton(start, bytes(gaps), tuple(holes), tuple(patches))
