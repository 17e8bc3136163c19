"""The quality that makes a file as large as allowed, or as small as a score allows: searches over whole encodings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..constants import Code
from ..errors import UsageError
from .options import Options

BEST = 100.0
"""the quality where both searches begin at one end; 0 is the other"""
_TRIALS = 10
_FILLED = 0.998
"""share of the allowed bytes from which on a file is large enough"""
_FINENESS = 1.0
"""qualities closer to each other are the same to a score"""


def quality_of_size(size: Callable[[float], int], target: int) -> float:
    """The highest quality found whose file has at most `target` bytes; `size` encodes once a call.

    A file grows by nearly the same bytes for every step of quality, so the next trial lies on the line through the
    two trials that enclose the target. Raises UsageError (bad_option) where even quality 0 is too large.
    """
    low, high = 0.0, BEST
    smallest, largest = size(low), size(high)
    if smallest > target:
        raise UsageError(
            Code.BAD_OPTION,
            f"A target of {target:,} bytes cannot be met: at quality 0 the file has {smallest:,} bytes. "
            f"Ask for more, or relax what --keep and the rules hold.",
        )
    if largest <= target:
        return high
    for trial in range(_TRIALS):
        if smallest >= _FILLED * target:
            break
        halves = trial % 3 == 2  # where sizes bend, the line leads too slowly
        share = 0.5 if halves else (target * (1 + _FILLED) / 2 - smallest) / (largest - smallest)
        quality = low + (high - low) * min(0.95, max(0.05, share))
        found = size(quality)
        if found <= target:
            low, smallest = quality, found
        else:
            high, largest = quality, found
    return low


def quality_of_score(score: Callable[[float], float], least: float) -> float:
    """The lowest quality found whose score is at least `least`; `score` encodes, decodes and evaluates once a call.

    Halves the range of qualities until it is as small as `_FINENESS`; of a score that goes up and down it finds one
    place where it meets the bound.
    Raises UsageError (bad_option) where even quality 100 scores less.
    """
    low, high = 0.0, BEST
    best = score(high)
    if not best >= least:
        raise UsageError(
            Code.BAD_OPTION, f"At quality 100 the score is {best:g}, below the {least:g} that the drop allows."
        )
    if score(low) >= least:
        return low
    while high - low > _FINENESS:
        middle = (low + high) / 2
        if score(middle) >= least:
            high = middle
        else:
            low = middle
    return high


def with_quality(options: Options, quality: float) -> Options:
    """The same options at a quality."""
    return replace(options, target_size=None, quality=quality)
