"""Searches for the quality of a target size or of a score; every trial is a whole encoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..constants import Code
from ..errors import UsageError
from .options import Options

BEST = 100.0
"""upper end of both searches; the lower end is 0"""
_TRIALS = 10
_FILLED = 0.998
"""share of the target size that is close enough"""
_RESOLUTION = 1.0
"""width of the bracket of qualities at which the search for a score ends"""


def quality_of_size(size: Callable[[float], int], target: int) -> float:
    """The highest quality found, 0 … 100, whose file has at most `target` bytes; each call of `size` is an encoding.

    Size grows almost linearly with quality, so this is a bracketing search by linear interpolation, with a bisection
    every third time. At most 12 encodings. Raises UsageError (bad_option) if the file at quality 0 is too large.
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
        bisect = trial % 3 == 2  # interpolation alone converges slowly on a curve
        share = 0.5 if bisect else (target * (1 + _FILLED) / 2 - smallest) / (largest - smallest)
        quality = low + (high - low) * min(0.95, max(0.05, share))
        trial_size = size(quality)
        if trial_size <= target:
            low, smallest = quality, trial_size
        else:
            high, largest = quality, trial_size
    return low


def quality_of_score(score: Callable[[float], float], least: float) -> float:
    """The lowest quality found, 0 … 100, with a score of at least `least`; each call of `score` is an encoding.

    Bisects until the bracket is narrower than 1: at most 9 encodings. If the score is not monotonic, the result is one
    of several crossings. Raises UsageError (bad_option) if the score at quality 100 is too low.
    """
    low, high = 0.0, BEST
    best = score(high)
    if not best >= least:
        raise UsageError(
            Code.BAD_OPTION, f"At quality 100 the score is {best:g}, below the {least:g} that the drop allows."
        )
    if score(low) >= least:
        return low
    while high - low > _RESOLUTION:
        middle = (low + high) / 2
        if score(middle) >= least:
            high = middle
        else:
            low = middle
    return high


def with_quality(options: Options, quality: float) -> Options:
    """The same options at a quality."""
    return replace(options, target_size=None, quality=quality)
