"""Settings of a codec to measure: a grid, then a search for the smallest file that keeps the score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.peer_results import ALLOWED_LOSS


@dataclass(frozen=True)
class Knob:
    """The number that controls a codec; larger numbers give better quality and more bytes."""

    setting: Callable[[int, int], str]
    """of the number, and of the qp whose step is the root mean square of all weights"""
    grid: tuple[int, ...]
    stride: int
    """step beyond the grid"""
    finest: int
    """granularity of the numbers"""
    limits: tuple[int, int]


RATIOS = (20, 26, 32)
OF_RATIO = (6, 1, (2, 50))
KNOBS = {
    "frcodec": (
        Knob(lambda number, _: f"snr {number}", RATIOS, *OF_RATIO),
        Knob(lambda number, _: f"quality {number}", (20, 40, 60), 10, 5, (0, 100)),
    ),
    "nnc": (
        Knob(lambda number, whole: f"qp {whole - number}", (6, 10, 14, 18), 4, 1, (-2, 30)),
        Knob(lambda number, _: f"qp rms{-number:+d}", (8, 16), 4, 1, (-2, 30)),
    ),
    "uniform": (Knob(lambda number, _: f"{number} dB", RATIOS, *OF_RATIO),),
}
FIXED = {
    "frcodec": ("default", "lossless"),
    "integer": ("8 bits", "4 bits"),
    "blocks": ("Q8_0", "Q4_0"),
    "half": ("float16",),
    "zipnn": ("default",),
    "pcodec": ("level 12",),
}
CODECS = tuple(dict.fromkeys([*KNOBS, *FIXED]))


def following(points: Mapping[int, float], knob: Knob) -> int | None:
    """The next number to try, given the score changes so far, in the search for the smallest that passes."""
    usable = [number for number, won in points.items() if won >= -ALLOWED_LOSS]
    lowest, highest = knob.limits
    if not usable:
        return max(points) + knob.stride if max(points) + knob.stride <= highest else None
    least = min(usable)
    below = [number for number in points if number < least]
    if not below:
        return least - knob.stride if least - knob.stride >= lowest else None
    middle = (least + max(below)) // 2 // knob.finest * knob.finest
    return middle if max(below) < middle < least else None
