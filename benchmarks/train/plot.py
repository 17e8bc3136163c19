"""A picture of score against real file bytes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.common import RESULTS, console
from benchmarks.models import ROOT
from benchmarks.plot_peers import FONT, label, line

WIDTH, HEIGHT = 560, 360
LEFT, TOP, RIGHT, BOTTOM = 52, 58, 150, 44
"""margins"""
COLOURS = {"spectral": "#0b62c4", "narrow": "#d1480b", "pruned": "#2b8a3e"}
OTHERS = ("#8643b8", "#7c8592", "#b0870b")
"""for methods without a colour of their own"""


@dataclass(frozen=True)
class Point:
    """A file."""

    method: str
    file_bytes: int
    score: float


@dataclass(frozen=True)
class Frame:
    """What of the plane is seen: bytes on a logarithmic axis, points on a linear one."""

    least: float
    most: float
    low: float
    high: float

    def x(self, file_bytes: float) -> float:
        """Place of a size."""
        share = math.log(file_bytes / self.least) / math.log(self.most / self.least)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, score: float) -> float:
        """Place of a score."""
        return TOP + (self.high - score) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def drawn(title: str, unit: str, points: Sequence[Point], dense: float, floor: float | None = None) -> str:
    """The picture; a dashed line is the dense network's score. Scores below `floor` are drawn at the lower edge."""
    low = max(min(point.score for point in points), floor if floor is not None else dense - 12)
    high = max(dense, *(point.score for point in points))
    margin = max(0.5, 0.08 * (high - low))
    sizes = [point.file_bytes for point in points]
    frame = Frame(min(sizes) / 1.15, max(sizes) * 1.15, low - margin, high + margin)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        label(14, 24, title, size=15, weight=700),
        label(14, 42, f"{unit} against the bytes of the whole .frc file"),
        *grid(frame),
        line((LEFT, frame.y(dense)), (WIDTH - RIGHT, frame.y(dense)), "#222222", "5 4"),
        label(WIDTH - RIGHT + 8, frame.y(dense) + 4, f"dense, float32: {dense:.2f}"),
    ]
    methods = list(dict.fromkeys(point.method for point in points))
    for number, method in enumerate(methods):
        colour = COLOURS.get(method) or OTHERS[number % len(OTHERS)]
        y = HEIGHT - BOTTOM - 18 * (len(methods) - number)
        parts.append(f'<circle cx="{WIDTH - RIGHT + 14}" cy="{y}" r="3.4" fill="{colour}"/>')
        parts.append(label(WIDTH - RIGHT + 24, y + 4, method, size=12))
        parts += marks(frame, [point for point in points if point.method == method], colour)
    return "\n".join([*parts, "</svg>\n"])


def marks(frame: Frame, points: Sequence[Point], colour: str) -> Iterator[str]:
    """The files of a method, and a line through the best of every size."""
    best = -math.inf
    corners = []
    for point in sorted(points, key=lambda point: (point.file_bytes, -point.score)):
        x, y = frame.x(point.file_bytes), min(frame.y(point.score), HEIGHT - BOTTOM)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}"/>'
        if point.score > best:
            best = point.score
            corners.append(f"{x:.1f},{y:.1f}")
    if len(corners) > 1:
        yield f'<polyline points="{" ".join(corners)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def grid(frame: Frame) -> Iterator[str]:
    """Lines, ticks and the border."""
    bottom = HEIGHT - BOTTOM
    for size in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000):
        if frame.least <= size <= frame.most:
            yield line((frame.x(size), TOP), (frame.x(size), bottom), "#e3e6ea")
            yield label(frame.x(size), bottom + 15, f"{size:,}", anchor="middle")
    every = next(step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0) if (frame.high - frame.low) / step <= 9)
    for number in range(math.ceil(frame.low / every), math.floor(frame.high / every) + 1):
        y = frame.y(number * every)
        yield line((LEFT, y), (WIDTH - RIGHT, y), "#e3e6ea")
        yield label(LEFT - 6, y + 4, f"{number * every:g}", anchor="end")
    yield label(WIDTH - RIGHT, bottom + 32, "bytes", anchor="end", colour="#667")
    yield (
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" '
        f'fill="none" stroke="#9aa3ae"/>'
    )


def write(name: str, picture: str) -> None:
    """Save a picture as `results/NAME.svg`."""
    path = RESULTS / f"{name}.svg"
    path.write_text(picture)
    console.print(f"-> {path.relative_to(ROOT)}", style="dim")
