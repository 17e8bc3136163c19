"""A model file taken apart: its named tensors, and a skeleton, the rest of its bytes with holes for the tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..container.skeleton import PATCH_BYTES, Hole, Patch, Skeleton, gap_positions
from ..tensors import Buffer, Entry


@dataclass(frozen=True, slots=True)
class Model:
    """A model file taken apart into tensors and a skeleton."""

    kind: str
    """for display: "PyTorch zip", "TorchScript", "lite interpreter", "ExecuTorch", "ExecuTorch data", "safetensors" or
    "PyTorch legacy" """
    entries: Sequence[Entry]
    """named tensors in dictionary order; their data may lie in a mapping of the file"""
    skeleton: Skeleton | None
    """None if only the tensors are kept"""
    lossless: frozenset[int]
    """positions of stored tensors that are known not to be weights (optimizer state, quantization scales)"""


def cut(pieces: Iterable[Buffer], holes: Sequence[Hole], patches: Sequence[Patch]) -> Skeleton:
    """Make the skeleton of the model file that is the concatenation of `pieces`.

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
                break  # the hole continues in the next piece
            number += 1
        gaps += view[at - start :]
        start = end
    for _, at in gap_positions(holes, patches):
        gaps[at : at + PATCH_BYTES] = bytes(PATCH_BYTES)
    return Skeleton(start, bytes(gaps), tuple(holes), tuple(patches))
