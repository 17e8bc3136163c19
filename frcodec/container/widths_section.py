"""The widths section: channel axes and validated widths (spec section "Other widths").

[axes, label, lengths, scores, multiply_adds, checksums]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

from ..constants import MAX_CHANNEL_AXES, MAX_GROUPS, MAX_RANK, MAX_WIDTHS, MAX_WIDTHS_BYTES, Code
from ..errors import CorruptError, UsageError
from . import packed
from .records import Index, LevelsRecord, ViewRecord
from .widths import Axes, Channel, Validated, Widths, group_lengths, merged_view_axes, width_fault


def declared(index: Index, axes: Axes) -> Widths:
    """Channel axes without validated widths. Raises UsageError (bad_option) for invalid axes."""
    if fault := _axes_fault(index, axes):
        raise UsageError(Code.BAD_OPTION, f"These axes cannot be channels: {fault}.")
    return Widths(group_lengths(index, axes), {position: channels for position, channels in axes.items() if channels})


def write(widths: Widths, index: Index) -> bytes:
    """Payload of the section. Raises UsageError (bad_option) for invalid validated widths."""
    if fault := _fault(widths, index):
        raise UsageError(Code.BAD_OPTION, f"The widths cannot be stored: {fault}.")
    codes = [_axis_code(widths.axes.get(position, {}).get(axis)) for position, axis in _axis_order(index)]
    return packed.write(
        [
            bytes((code - before) % 256 for before, code in pairwise([0, *codes])),
            widths.label,
            [length for width in widths.validated for length in width.lengths],
            "".join(width.score + "\0" for width in widths.validated),
            [width.multiply_adds for width in widths.validated],
            b"".join(width.checksum.to_bytes(4, "little") for width in widths.validated),
        ]
    )


def read(payload: bytes | memoryview, index: Index) -> Widths:
    """Inverse of `write`; checks every field. Raises CorruptError or UnsupportedError."""
    value = packed.read(payload, MAX_WIDTHS_BYTES)
    if not isinstance(value, list) or [type(v) for v in value] != [bytes, str, list, str, list, bytes]:
        raise _bad("the section is not an array of its six columns")
    differences, label, lengths, scores, multiply_adds, checksums = value
    if not packed.are_integers((*lengths, *multiply_adds)):
        raise _bad("a column holds other values than integers in 0 … 2^53")
    axes = _read_axes(differences, index)
    groups = group_lengths(index, axes)
    *texts, rest = scores.split("\0")
    count = len(texts)
    if rest or (len(lengths), len(multiply_adds), len(checksums)) != (count * len(groups), count, 4 * count):
        raise _bad("the lengths of its columns do not match")
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
    if fault := _fault(widths, index):
        raise _bad(fault)
    return widths


def _read_axes(differences: bytes, index: Index) -> Axes:
    places = list(_axis_order(index))
    if len(differences) != len(places):
        raise _bad(f"it describes {len(differences)} axes; the entries coded as levels have {len(places)}")
    axes: dict[int, dict[int, Channel]] = {}
    for (position, axis), total in zip(places, accumulate(differences), strict=True):
        if code := total % 256:
            axes.setdefault(position, {})[axis] = Channel((code - 1) >> 1, bool((code - 1) & 1))
    if fault := _axes_fault(index, axes):
        raise _bad(fault)
    return axes


def _axis_order(index: Index) -> Iterator[tuple[int, int]]:
    """Position and axis of all axes of entries coded as levels: axis 0 of all entries, then axis 1, and so on."""
    coded = [
        (position, len(record.shape))
        for position, record in enumerate(index.records)
        if isinstance(record, LevelsRecord)
    ]
    for axis in range(MAX_RANK):
        yield from ((position, axis) for position, rank in coded if rank > axis)


def _axis_code(channel: Channel | None) -> int:
    return 0 if channel is None else 2 * channel.group + channel.input + 1


def _axes_fault(index: Index, axes: Axes) -> str | None:
    """Why channel axes are invalid; None if they are valid."""
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
        if (
            isinstance(record, ViewRecord)
            and axes.get(record.view.target)
            and merged_view_axes(record.view, index) is None
        ):
            return f"the view {record.name!r} is not all of its target with axes merged"
    groups = group_lengths(index, axes)
    return None if groups and all(groups) else "a group has no axis, or there is no group"


def _fault(widths: Widths, index: Index) -> str | None:
    """Why validated widths are invalid; None if they are valid."""
    if len(widths.validated) > MAX_WIDTHS:
        return f"there are {len(widths.validated)} of them; at most {MAX_WIDTHS} are allowed"
    if len({width.lengths for width in widths.validated}) < len(widths.validated):
        return "one of them is listed twice"
    for width in widths.validated:
        if "\0" in width.score or not 0 <= width.multiply_adds <= packed.MAX_INTEGER:
            return f"the score {width.score!r} or the number of multiply-adds {width.multiply_adds} is invalid"
        if fault := width_fault(index, widths, width.lengths):
            return fault
    return None


def _bad(what: str) -> CorruptError:
    return CorruptError(Code.BAD_WIDTHS, f"The list of widths is damaged: {what}.")
