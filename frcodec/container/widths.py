"""Channel axes, and the widths that a file was validated at (spec section "Other widths").

    [axes, label, lengths, scores, multiply_adds, checksums]

A *width* is a length for each group of channel axes. At full width it is N, the greatest common divisor of the lengths
of the group's axes. Where it is N', an axis of m · N positions has m · N' of them; the weights of an axis of inputs
become as much larger as there are fewer of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import gcd, prod, sqrt
from typing import TypeAlias

from ..constants import (
    MAX_CHANNEL_AXES,
    MAX_GROUPS,
    MAX_RANK,
    MAX_TRANSFORM_LENGTH,
    MAX_WIDTHS,
    MAX_WIDTHS_BYTES,
    Code,
)
from ..errors import CorruptError, UsageError
from ..stages.layer import Resampled
from ..tensors import View, contiguous_strides
from . import packed
from .records import Index, LevelsRecord, Record, ViewRecord

_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class Channel:
    """What the positions of an axis are: channels of a group, or several runs of them one after the other."""

    group: int
    input: bool = False
    """whether the layer sums over them; its output has them otherwise"""


Axes: TypeAlias = Mapping[int, Mapping[int, Channel]]
"""position of an entry of levels -> axis -> what it is; all others are no channel axes"""


@dataclass(frozen=True, slots=True)
class Validated:
    """A width that somebody tried."""

    lengths: tuple[int, ...]
    """of every group"""
    score: str
    """for people; what it is the label says"""
    multiply_adds: int
    """of one forward pass"""
    checksum: int
    """CRC-32 of all stored entries as they are at this width"""


@dataclass(frozen=True, slots=True)
class Widths:
    """What a file says about other widths."""

    groups: tuple[int, ...]
    """length of every group at full width"""
    axes: Axes
    label: str = ""
    """what the scores are"""
    validated: tuple[Validated, ...] = ()


def declared(index: Index, axes: Axes) -> Widths:
    """Channel axes without validated widths. Raises UsageError (bad_option) for what no reader accepts."""
    if found := _axes_fault(index, axes):
        raise UsageError(Code.BAD_OPTION, f"These axes cannot be channels: {found}.")
    return Widths(_groups(index, axes), {position: channels for position, channels in axes.items() if channels})


def write(widths: Widths, index: Index) -> bytes:
    """Payload of the section. Raises UsageError (bad_option) for validated widths that no reader accepts."""
    if found := _fault(widths, index):
        raise UsageError(Code.BAD_OPTION, f"The widths cannot be stored: {found}.")
    codes = [_axis_code(widths.axes.get(position, {}).get(axis)) for position, axis in _axis_order(index)]
    return packed.write(
        [
            bytes((code - before) % 256 for before, code in pairwise([0, *codes])),
            widths.label,
            [length for one in widths.validated for length in one.lengths],
            "".join(one.score + "\0" for one in widths.validated),
            [one.multiply_adds for one in widths.validated],
            b"".join(one.checksum.to_bytes(4, "little") for one in widths.validated),
        ]
    )


def read(payload: bytes | memoryview, index: Index) -> Widths:
    """Inverse of `write`, with every field checked. Raises CorruptError or UnsupportedError."""
    value = packed.read(payload, MAX_WIDTHS_BYTES)
    if not isinstance(value, list) or [type(v) for v in value] != [bytes, str, list, str, list, bytes]:
        raise _bad("the section is not an array of its six columns")
    differences, label, lengths, scores, multiply_adds, checksums = value
    if not all(type(v) is int and 0 <= v <= _LARGEST for v in (*lengths, *multiply_adds)):
        raise _bad("a column holds more than integers in 0 … 2^53")
    axes = _read_axes(differences, index)
    groups = _groups(index, axes)
    *texts, rest = scores.split("\0")
    count = len(texts)
    if rest or (len(lengths), len(multiply_adds), len(checksums)) != (count * len(groups), count, 4 * count):
        raise _bad("its columns do not belong together")
    validated = tuple(
        Validated(
            tuple(lengths[n * len(groups) : (n + 1) * len(groups)]),
            texts[n],
            multiply_adds[n],
            int.from_bytes(checksums[4 * n : 4 * n + 4], "little"),
        )
        for n in range(count)
    )
    widths = Widths(groups, axes, label, validated)
    if found := _fault(widths, index):
        raise _bad(found)
    return widths


def _read_axes(differences: bytes, index: Index) -> Axes:
    places = list(_axis_order(index))
    if len(differences) != len(places):
        raise _bad(f"it describes {len(differences)} axes; the entries of levels have {len(places)}")
    axes: dict[int, dict[int, Channel]] = {}
    for (position, axis), total in zip(places, accumulate(differences), strict=True):
        if code := total % 256:
            axes.setdefault(position, {})[axis] = Channel((code - 1) >> 1, bool((code - 1) & 1))
    if found := _axes_fault(index, axes):
        raise _bad(found)
    return axes


def resized(index: Index, widths: Widths, lengths: Sequence[int]) -> Index:
    """The index as it is at a width that `width_fault` has nothing against."""
    return replace(index, records=tuple(_resized(record, index, widths, lengths, p) for p, record in _numbered(index)))


def width_fault(index: Index, widths: Widths, lengths: Sequence[int]) -> str | None:
    """Why a width means nothing for these entries; None where it does."""
    if len(lengths) != len(widths.groups):
        return f"a width has {len(lengths)} lengths; there are {len(widths.groups)} groups"
    if min(lengths, default=1) < 1:
        return f"a group has {min(lengths)} channels"
    for position, channels in widths.axes.items():
        record = index.records[position]
        longest = max(_length(record, axis, widths, lengths, channel) for axis, channel in channels.items())
        if longest > MAX_TRANSFORM_LENGTH:
            return f"an axis of {record.name!r} gets {longest} channels; {MAX_TRANSFORM_LENGTH} are the most there are"
        if prod(max(1, n) for n in _shape(record, position, widths, lengths)) > _LARGEST:
            return f"{record.name!r} gets more than 2^53 elements"
    return None


def merged_axes(view: Sequence[int], target: Sequence[int]) -> list[range] | None:
    """The axes of its target that each axis of a view is the product of; None where it is of no such kind."""
    result, end = [], 0
    for number, length in enumerate(view):
        start, product, last = end, 1, number == len(view) - 1
        while end < len(target) and (end == start or product != length or last):
            product *= target[end]
            end += 1
        if product != length:
            return None
        result.append(range(start, end))
    return result if end == len(target) else None


def _bad(what: str) -> CorruptError:
    return CorruptError(Code.BAD_WIDTHS, f"The list of widths is damaged: {what}.")


def _numbered(index: Index) -> Iterator[tuple[int, Record]]:
    return enumerate(index.records)


def _axis_order(index: Index) -> Iterator[tuple[int, int]]:
    """Position and axis of all axes of entries of levels: first axis 0 of all that have one, then axis 1, and so on."""
    coded = [(position, len(record.shape)) for position, record in _numbered(index) if isinstance(record, LevelsRecord)]
    for axis in range(MAX_RANK):
        yield from ((position, axis) for position, rank in coded if rank > axis)


def _axis_code(channel: Channel | None) -> int:
    return 0 if channel is None else 2 * channel.group + channel.input + 1


def _groups(index: Index, axes: Axes) -> tuple[int, ...]:
    """The length of every group; 0 for a group without axes."""
    lengths: dict[int, int] = {}
    for position, channels in axes.items():
        for axis, channel in channels.items():
            lengths[channel.group] = gcd(index.records[position].shape[axis], lengths.get(channel.group, 0))
    return tuple(lengths.get(group, 0) for group in range(max(lengths, default=-1) + 1))


def _axes_fault(index: Index, axes: Axes) -> str | None:
    """What is wrong with channel axes, None where nothing is."""
    for position, channels in axes.items():
        record = index.records[position]
        if len(channels) > MAX_CHANNEL_AXES:
            return f"{record.name!r} has {len(channels)} channel axes; at most {MAX_CHANNEL_AXES} are allowed"
        for axis, channel in channels.items():
            if (
                not isinstance(record, LevelsRecord)
                or axis not in record.layer.transform.axes
                or record.layer.transform.block
            ):
                return f"axis {axis} of {record.name!r} is not transformed as a whole"
            if not 0 <= channel.group < MAX_GROUPS:
                return f"axis {axis} of {record.name!r} is of group {channel.group}; there are at most {MAX_GROUPS}"
    for record in index.records:
        if isinstance(record, ViewRecord) and axes.get(record.view.target) and _merges(record.view, index) is None:
            return f"the view {record.name!r} is not its whole target with merged axes"
    groups = _groups(index, axes)
    return None if groups and all(groups) else "a group has no axis, or there is no group"


def _fault(widths: Widths, index: Index) -> str | None:
    """What is wrong with validated widths, None where nothing is."""
    if len(widths.validated) > MAX_WIDTHS:
        return f"there are {len(widths.validated)} of them; at most {MAX_WIDTHS} are allowed"
    if len({one.lengths for one in widths.validated}) < len(widths.validated):
        return "one of them is there twice"
    for one in widths.validated:
        if "\0" in one.score or not 0 <= one.multiply_adds <= _LARGEST:
            return f"the score {one.score!r} or {one.multiply_adds} multiply-adds cannot be told"
        if found := width_fault(index, widths, one.lengths):
            return found
    return None


def _merges(view: View, index: Index) -> list[range] | None:
    target = index.records[view.target]
    if view.offset or view.strides != contiguous_strides(view.shape):
        return None
    return merged_axes(view.shape, target.shape)


def _length(record: Record, axis: int, widths: Widths, lengths: Sequence[int], channel: Channel) -> int:
    return record.shape[axis] // widths.groups[channel.group] * lengths[channel.group]


def _shape(record: Record, position: int, widths: Widths, lengths: Sequence[int]) -> tuple[int, ...]:
    channels = widths.axes.get(position, {})
    return tuple(
        _length(record, axis, widths, lengths, channels[axis]) if axis in channels else length
        for axis, length in enumerate(record.shape)
    )


def _resized(record: Record, index: Index, widths: Widths, lengths: Sequence[int], position: int) -> Record:
    if isinstance(record, ViewRecord) and widths.axes.get(record.view.target):
        target = _shape(index.records[record.view.target], record.view.target, widths, lengths)
        shape = tuple(prod(target[axis] for axis in axes) for axes in _merges(record.view, index) or ())
        return replace(record, view=replace(record.view, shape=shape, strides=contiguous_strides(shape)))
    shape = _shape(record, position, widths, lengths)
    if not isinstance(record, LevelsRecord) or shape == record.shape:
        return record
    gain = _gain(widths.axes[position], widths.groups, lengths)
    return replace(record, layer=replace(record.layer, shape=shape, resampled=Resampled(record.shape, gain)))


def _gain(channels: Mapping[int, Channel], groups: Sequence[int], lengths: Sequence[int]) -> float:
    """√(p / q): as many products below 2^53 as there may be channel axes, one rounding for quotient and root each."""
    p = prod(groups[c.group] if c.input else lengths[c.group] for c in channels.values())
    q = prod(lengths[c.group] if c.input else groups[c.group] for c in channels.values())
    return sqrt(p / q)
