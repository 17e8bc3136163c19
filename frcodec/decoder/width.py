"""The width that a caller means, and the index as it is then (spec section "Other widths")."""

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
"""An integer: every group gets at most so many channels. A fraction (a float, a Fraction, or text such as "1/4" or
"0.25"): every group's length times it, rounded up. A sequence, or text such as "8,16" (or "8," for one group): the
length of every group. A mapping: the lengths of some groups by number, others staying as they are."""


@dataclass(frozen=True, slots=True)
class AtWidth:
    """A file at another width."""

    index: Index
    lengths: tuple[int, ...]
    """of every group"""
    validated: Validated | None
    """None where only `force` allows it"""


def at_width(reader: Reader, width: Width | None, *, force: bool = False) -> AtWidth | None:
    """The file as it is at a width; None for full width.

    Raises UsageError: bad_option for a width that means nothing here, unvalidated_width for one that is not in the
    file's list unless `force`. Raises CorruptError (bad_widths), UnsupportedError (too_large).
    """
    if width is None:
        return None
    widths = reader.widths
    if widths is None:
        raise UsageError(Code.BAD_OPTION, "The file does not say which axes are channels: it has full width only.")
    lengths = lengths_of(width, widths.groups)
    if lengths == widths.groups:
        return None
    if found := width_fault(reader.index, widths, lengths):
        raise UsageError(Code.BAD_OPTION, f"The width {width!r} cannot be: {found}.")
    validated = next((one for one in widths.validated if one.lengths == lengths), None)
    if validated is None and not force:
        raise UsageError(
            Code.UNVALIDATED_WIDTH,
            f"The file was not validated at the width {format_width(lengths)}, and networks may fail at any width. "
            f"{_validated(widths)} Choose one of these, or decode with force (--force) at your own risk.",
        )
    index = resized(reader.index, widths, lengths)
    reader.check_decoded(index)
    return AtWidth(index, lengths, validated)


def lengths_of(width: Width, groups: Sequence[int]) -> tuple[int, ...]:
    """The length of every group. Raises UsageError (bad_option)."""
    asked = _parsed(width) if isinstance(width, str) else width
    try:
        if isinstance(asked, float):
            asked = Fraction(str(float(asked)))  # 0.1 is meant, not the double next to it
        if isinstance(asked, Fraction):
            lengths = tuple(ceil(length * asked) for length in groups)
        elif isinstance(asked, Mapping):
            lengths = tuple(as_integer(asked.get(group, length)) for group, length in enumerate(groups))
            if not set(asked) <= set(range(len(groups))):
                raise ValueError
        elif isinstance(asked, Sequence):
            lengths = tuple(as_integer(length) for length in asked)
        else:
            lengths = tuple(min(as_integer(asked), length) for length in groups)
        if len(lengths) != len(groups) or min(lengths) < 1:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise _meaningless(width, groups) from None
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
            f"{width!r} is no width. Examples: 16 (at most 16 channels everywhere), 1/4 or 0.25 of all channels, "
            "8,16 (a length for every group of channels).",
        ) from None


def _meaningless(width: object, groups: Sequence[int]) -> UsageError:
    return UsageError(
        Code.BAD_OPTION,
        f"The width {width!r} does not leave a channel or more in each of the {len(groups)} groups of this file, which "
        f"have {format_width(groups)} at full width.",
    )


def _validated(widths: Widths) -> str:
    if not widths.validated:
        return f"No width but the full one, {format_width(widths.groups)}, was."
    return f"These were: {'; '.join(format_width(one.lengths) for one in widths.validated)}."
