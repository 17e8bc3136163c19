"""Channel axes, and the shape of every entry at another width (spec section "Other widths").

A *width* is a length for each group of channel axes. At full width it is N, the greatest common divisor of the lengths
of the group's axes. At length N', an axis of m · N positions has m · N' positions, and the weights of an input axis
are scaled by √(N / N').
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd, prod, sqrt
from typing import TypeAlias

from ..constants import MAX_TRANSFORM_LENGTH
from ..stages.layer import Resampled
from ..tensors import View, contiguous_strides
from .packed import MAX_INTEGER
from .records import Index, LevelsRecord, Record, ViewRecord


@dataclass(frozen=True, slots=True)
class Channel:
    """The meaning of a channel axis: the channels of a group, once or several times in a row."""

    group: int
    input: bool = False
    """whether the layer sums over the axis; otherwise it is an axis of its output"""


Axes: TypeAlias = Mapping[int, Mapping[int, Channel]]
"""position of an entry coded as levels -> axis -> channel; all other axes are not channel axes"""


@dataclass(frozen=True, slots=True)
class Validated:
    """A width whose score was measured."""

    lengths: tuple[int, ...]
    """of the groups"""
    score: str
    """text for display, such as "97.3"; the label says what it measures"""
    multiply_adds: int
    """of one forward pass"""
    checksum: int
    """CRC-32 of all stored entries decoded at this width"""


@dataclass(frozen=True, slots=True)
class Widths:
    """The other widths of a file."""

    groups: tuple[int, ...]
    """lengths of the groups at full width"""
    axes: Axes
    label: str = ""
    """what the scores measure"""
    validated: tuple[Validated, ...] = ()


def resized(index: Index, widths: Widths, lengths: Sequence[int]) -> Index:
    """The index at another width, which `width_fault` must accept."""
    return replace(
        index, records=tuple(_resized(record, index, widths, lengths, p) for p, record in enumerate(index.records))
    )


def width_fault(index: Index, widths: Widths, lengths: Sequence[int]) -> str | None:
    """Why these entries cannot have a width; None if they can."""
    if len(lengths) != len(widths.groups):
        return f"a width has {len(lengths)} lengths; there are {len(widths.groups)} groups"
    if min(lengths, default=1) < 1:
        return f"a group has {min(lengths)} channels"
    for position, channels in widths.axes.items():
        record = index.records[position]
        longest = max(_length(record, axis, widths, lengths, channel) for axis, channel in channels.items())
        if longest > MAX_TRANSFORM_LENGTH:
            return f"an axis of {record.name!r} gets {longest} channels; at most {MAX_TRANSFORM_LENGTH} are allowed"
        if prod(max(1, n) for n in _shape(record, position, widths, lengths)) > MAX_INTEGER:
            return f"{record.name!r} gets more than 2^53 elements"
    return None


def merged_axes(view: Sequence[int], target: Sequence[int]) -> list[range] | None:
    """For each axis of a view, the axes of its target that it merges; None if the view does not merge axes."""
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


def group_lengths(index: Index, axes: Axes) -> tuple[int, ...]:
    """The lengths of the groups at full width; 0 for a group without axes."""
    lengths: dict[int, int] = {}
    for position, channels in axes.items():
        for axis, channel in channels.items():
            lengths[channel.group] = gcd(index.records[position].shape[axis], lengths.get(channel.group, 0))
    return tuple(lengths.get(group, 0) for group in range(max(lengths, default=-1) + 1))


def merged_view_axes(view: View, index: Index) -> list[range] | None:
    """For each axis of a view, the axes of its target that it merges; None unless it is all of the target."""
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
        shape = tuple(prod(target[axis] for axis in axes) for axes in merged_view_axes(record.view, index) or ())
        return replace(record, view=replace(record.view, shape=shape, strides=contiguous_strides(shape)))
    shape = _shape(record, position, widths, lengths)
    if not isinstance(record, LevelsRecord) or shape == record.shape:
        return record
    gain = _gain(widths.axes[position], widths.groups, lengths)
    return replace(record, layer=replace(record.layer, shape=shape, resampled=Resampled(record.shape, gain)))


def _gain(channels: Mapping[int, Channel], groups: Sequence[int], lengths: Sequence[int]) -> float:
    """√(p / q): exact products below 2^53, then one rounding each for the quotient and the root."""
    p = prod(groups[c.group] if c.input else lengths[c.group] for c in channels.values())
    q = prod(lengths[c.group] if c.input else groups[c.group] for c in channels.values())
    return sqrt(p / q)
