"""The part of the reference decoder that makes tensors of other widths: section 17 of frc-1.md."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reference_levels import LIMIT, require

if TYPE_CHECKING:
    from reference_decoder import Entry

LEVELS, VIEW = 0, 2  # codings


# 17. Other widths -----------------------------------------------------------------------------------------------------
@dataclass
class Widths:
    """Groups and validated widths of a file."""

    groups: list[int]  # length of every group
    checksums: dict[tuple[int, ...], int]  # of validated widths, by the lengths of all groups


def read_widths(value: list[Any], entries: list["Entry"]) -> Widths:
    """Return the groups and the validated widths, and the entries their channel axes."""
    differences, _, lengths, scores, multiply_adds, checksums = value
    places = [(e, a) for a in range(LIMIT.max_rank) for e in entries if e.coding == LEVELS and a < e.rank]
    require(len(places) == len(differences), "bad_widths")
    N, code = dict[int, int](), 0  # length of every group
    for (entry, axis), difference in zip(places, differences, strict=True):
        code = (code + difference) % 256
        if code > 0:
            group, role = divmod(code - 1, 2)
            require(axis in entry.axes and entry.block_log2 == 0 and group < LIMIT.max_groups, "bad_widths")
            entry.channels += ((axis, group, role),)
            N[group] = math.gcd(N.get(group, 0), entry.shape[axis])
    require(N and set(N) == set(range(len(N))), "bad_widths")
    groups = [N[group] for group in range(len(N))]
    require(all(len(entry.channels) <= LIMIT.max_channel_axes for entry in entries), "bad_widths")
    for entry in (e for e in entries if e.coding == VIEW and entries[e.view[0]].channels):
        merge_axes(entry, entries[entry.view[0]].shape)
    *texts, rest = scores.split("\0")
    W, G = len(texts), len(groups)
    require(not rest and LIMIT.max_widths >= W and len(lengths) == W * G, "bad_widths")
    require(len(multiply_adds) == W and len(checksums) == 4 * W, "bad_widths")
    widths = [tuple(lengths[n * G : n * G + G]) for n in range(W)]
    require(len(set(widths)) == W, "bad_widths")
    require(all(set_width(entries, groups, width) for width in widths), "bad_widths")
    set_width(entries, groups, tuple(groups))
    return Widths(groups, {w: int.from_bytes(checksums[4 * n : 4 * n + 4], "little") for n, w in enumerate(widths)})


def merge_axes(entry: "Entry", target: tuple[int, ...]) -> None:
    """Find the axes of its target that each axis of a view takes."""
    at = 0
    for axis, length in enumerate(entry.shape):
        taken: tuple[int, ...] = ()
        while at < len(target) and (
            taken == () or math.prod(target[a] for a in taken) != length or axis == entry.rank - 1
        ):
            taken += (at,)
            at += 1
        require(math.prod(target[a] for a in taken) == length, "bad_widths")
        require(entry.view[2 + axis] == math.prod(entry.shape[axis + 1 :]), "bad_widths")
        entry.merged += (taken,)
    require(at == len(target) and entry.view[1] == 0, "bad_widths")


def set_width(entries: list["Entry"], groups: list[int], lengths: tuple[int, ...]) -> bool:
    """Return the entries their shapes at a width, p and q; False where it is not possible."""
    possible = len(lengths) == len(groups) and all(length >= 1 for length in lengths)
    for entry in entries if possible else []:
        shape, entry.p, entry.q = list(entry.shape), 1, 1
        for axis, group, role in entry.channels:
            N, narrow = groups[group], lengths[group]
            shape[axis] = shape[axis] // N * narrow
            possible &= shape[axis] <= LIMIT.max_transform_length
            entry.p, entry.q = (entry.p * narrow, entry.q * N) if role == 0 else (entry.p * N, entry.q * narrow)
        entry.width = tuple(shape)
        possible &= math.prod(max(1, length) for length in shape) <= 2**53
    for entry in (e for e in entries if e.merged):
        target = entries[entry.view[0]]
        entry.width = tuple(math.prod(target.width[axis] for axis in axes) for axes in entry.merged)
    return possible
