"""Parses a width and resizes the index to it (spec section "Other widths")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from operator import index as as_integer
from typing import TypeAlias

from ..constants import Code
from ..container.reader import Reader
from ..container.records import Index
from ..container.widths import Validated, Widths, resized, width_fault
from ..errors import UsageError

Width: TypeAlias = int | float | Fraction | str | Sequence[int] | Mapping[int, int]
"""An integer: the largest number of channels of every group. A fraction (a float, a Fraction, or text such as "1/4"
or "0.25"): the share of every group's channels, rounded up. A sequence, or text such as "8,16" (or "8," for one
group): the length of every group. A mapping: lengths by group number; other groups keep their full length."""


@dataclass(frozen=True, slots=True)
class AtWidth:
    """A file at another width."""

    index: Index
    lengths: tuple[int, ...]
    """of every group"""
    validated: Validated | None
    """None where only `allow_unvalidated` allows it"""


def at_width(reader: Reader, width: Width | None, *, allow_unvalidated: bool = False) -> AtWidth | None:
    """The file at another width; None for full width.

    Raises UsageError: bad_option for a width that is invalid for this file, unvalidated_width for one that is not in
    the file's list unless `allow_unvalidated`. Raises CorruptError (bad_widths), UnsupportedError (too_large).
    """
    if width is None:
        return None
    widths = reader.widths
    if widths is None:
        raise UsageError(Code.BAD_OPTION, "The file does not say which axes are channels: it has full width only.")
    lengths = lengths_of(width, widths.groups)
    if lengths == widths.groups:
        return None
    if fault := width_fault(reader.index, widths, lengths):
        raise UsageError(Code.BAD_OPTION, f"The width {width!r} is impossible: {fault}.")
    validated = next((entry for entry in widths.validated if entry.lengths == lengths), None)
    if validated is None and not allow_unvalidated:
        raise UsageError(
            Code.UNVALIDATED_WIDTH,
            f"The file was not validated at the width {format_width(lengths)}, where the network may not work. "
            f"{_validated_list(widths)} Choose one of these, or pass allow_unvalidated=True (--allow-unvalidated).",
        )
    index = resized(reader.index, widths, lengths)
    reader.check_decoded(index)
    return AtWidth(index, lengths, validated)


def lengths_of(width: Width, groups: Sequence[int]) -> tuple[int, ...]:
    """The length of every group. Raises UsageError (bad_option)."""
    try:
        value = _parsed(width) if isinstance(width, str) else width
        if isinstance(value, float):
            value = Fraction(str(float(value)))  # 0.1, not the double nearest to it
        if isinstance(value, Fraction):
            lengths = tuple(ceil(length * value) for length in groups)
        elif isinstance(value, Mapping):
            lengths = tuple(as_integer(value.get(group, length)) for group, length in enumerate(groups))
            if not set(value) <= set(range(len(groups))):
                raise ValueError
        elif isinstance(value, Sequence):
            lengths = tuple(as_integer(length) for length in value)
        else:
            lengths = tuple(min(as_integer(value), length) for length in groups)
        if len(lengths) != len(groups) or min(lengths) < 1:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise _invalid(width, groups) from None
    return lengths


def format_width(lengths: Sequence[int]) -> str:
    """A width as text, such as "8,16"."""
    return ",".join(map(str, lengths))


def _parsed(width: str) -> int | Fraction | list[int]:
    try:
        if "," in width:
            return [int(part) for part in width.removesuffix(",").split(",")]
        return Fraction(width) if "/" in width or "." in width else int(width)
    except (ValueError, ZeroDivisionError):
        raise UsageError(
            Code.BAD_OPTION,
            f"{width!r} is no width. Examples: 16 (at most 16 channels in every group), 1/4 or 0.25 of the channels, "
            "8,16 (the length of every group).",
        ) from None


def _invalid(width: object, groups: Sequence[int]) -> UsageError:
    return UsageError(
        Code.BAD_OPTION,
        f"The width {width!r} does not give each of the {len(groups)} groups of this file a channel or more; at full "
        f"width they have {format_width(groups)}.",
    )


def _validated_list(widths: Widths) -> str:
    if not widths.validated:
        return f"It was validated at full width only, {format_width(widths.groups)}."
    return f"It was validated at {'; '.join(format_width(entry.lengths) for entry in widths.validated)}."
