"""The comparison as pictures: `python -m benchmarks.plot_peers` makes two SVG files of `results/peers.csv`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.models import ROOT
from benchmarks.peer_results import ALLOWED_LOSS, PATH, Result, read
from benchmarks.peers_table import models

COLUMNS, WIDTH, HEIGHT = 4, 250, 210
LEFT, TOP, RIGHT, BOTTOM = 40, 26, 8, 30
"""margins of a panel"""
HEAD = 58
FONT = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Series:
    """Settings that are joined by a line, or marks alone."""

    title: str
    belongs: Callable[[Result], bool]
    colour: str
    mark: str
    """circle, square or diamond"""
    line: str
    """solid, dashed or none"""


def of(codec: str, prefix: str = "", *, other: str | None = None) -> Callable[[Result], bool]:
    """Rows of a codec whose setting begins like this, and not like the other."""
    return lambda row: (
        row.codec == codec and row.setting.startswith(prefix) and not (other and row.setting.startswith(other))
    )


SERIES = (
    Series("frcodec --snr", of("frcodec", "snr"), "#0b62c4", "circle", "solid"),
    Series("frcodec --quality", of("frcodec", "quality"), "#36a3d9", "circle", "dashed"),
    Series("frcodec default", of("frcodec", "default"), "#0b3d78", "diamond", "none"),
    Series("NNC, global qp", of("nnc", "qp", other="qp rms"), "#d1480b", "square", "solid"),
    Series("NNC, qp by tensor", of("nnc", "qp rms"), "#eb9a3c", "square", "dashed"),
    Series("uniform + order-0 entropy", of("uniform"), "#7c8592", "circle", "solid"),
    Series("int8, int4 per channel + zstd", of("integer"), "#2b8a3e", "diamond", "none"),
    Series("blocks as Q8_0, Q4_0", of("blocks"), "#8643b8", "diamond", "none"),
)


@dataclass(frozen=True)
class Axis:
    """One axis of a picture."""

    title: str
    value: Callable[[Result], float]
    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float, start: float, length: float) -> float:
        """Where a value is, on a line from `start` on; upwards if the length is negative."""
        return start + (value - self.low) / (self.high - self.low) * length


@dataclass(frozen=True)
class Picture:
    """A panel for every network."""

    name: str
    title: str
    x: Axis
    y: Axis
    rule: float | None = None
    """a horizontal line"""


RATE = Axis("bits per weight, whole file", lambda row: row.bits_per_weight, 0, 9, (0, 2, 4, 6, 8))
PICTURES = (
    Picture(
        "peers_snr",
        "Signal-to-noise ratio in dB against bits per weight",
        RATE,
        Axis("dB", lambda row: row.snr or 0.0, 5, 48, (10, 20, 30, 40)),
    ),
    Picture(
        "peers_score",
        f"Points of task score won or lost against bits per weight; dashed: {ALLOWED_LOSS} points lost",
        RATE,
        Axis("points", lambda row: row.points, -4, 1.5, (-4, -3, -2, -1, 0, 1)),
        -ALLOWED_LOSS,
    ),
)


def main() -> int:
    """Write the files."""
    rows = [row for row in read() if row.snr is not None]
    if not rows:
        print(f"There are no results in {PATH.relative_to(ROOT)} yet: run benchmarks.bench_peers.", file=sys.stderr)
        return 1
    for picture in PICTURES:
        path = PATH.with_name(f"{picture.name}.svg")
        path.write_text(drawn(picture, rows))
        print(path.relative_to(ROOT))
    return 0


def drawn(picture: Picture, rows: Sequence[Result]) -> str:
    """The whole picture."""
    names = models(rows)
    cells = len(names) + 1  # the last one is the legend's
    width, height = COLUMNS * WIDTH + 20, HEAD + -(-cells // COLUMNS) * HEIGHT + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONT}" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        label(14, 26, picture.title, size=16, weight=700),
        label(14, 44, "One panel for each network of the evaluation suite; values outside of a panel are cut off."),
    ]
    for number, name in enumerate(names):
        parts += panel(picture, name, [row for row in rows if row.model == name], *cell(number))
    parts += legend(*cell(len(names)))
    return "\n".join([*parts, "</svg>\n"])


def cell(number: int) -> tuple[float, float]:
    """The upper left corner of a panel."""
    return 10.0 + number % COLUMNS * WIDTH, float(HEAD + number // COLUMNS * HEIGHT)


def panel(picture: Picture, name: str, rows: Sequence[Result], x0: float, y0: float) -> list[str]:
    """One network."""
    left, top, width, height = x0 + LEFT, y0 + TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    clip = f"{picture.name}-{name}"
    parts = [label(left, top - 8, name, size=12, weight=600)]
    for tick in picture.x.ticks:
        x = picture.x.place(tick, left, width)
        parts.append(line((x, top), (x, top + height), "#e3e6ea"))
        parts.append(label(x, top + height + 14, f"{tick:g}", anchor="middle"))
    for tick in picture.y.ticks:
        y = picture.y.place(tick, top + height, -height)
        parts.append(line((left, y), (left + width, y), "#e3e6ea"))
        parts.append(label(left - 5, y + 4, f"{tick:g}", anchor="end"))
    if picture.rule is not None:
        y = picture.y.place(picture.rule, top + height, -height)
        parts.append(line((left, y), (left + width, y), "#c92a2a", "4 3"))
    parts.append(label(left + width, top + height + 27, picture.x.title, anchor="end", colour="#667"))
    parts.append(f'<clipPath id="{clip}"><rect x="{left}" y="{top}" width="{width}" height="{height}"/></clipPath>')
    parts.append(f'<g clip-path="url(#{clip})">')
    for series in reversed(SERIES):
        points = [
            (
                picture.x.place(picture.x.value(row), left, width),
                picture.y.place(picture.y.value(row), top + height, -height),
            )
            for row in sorted(filter(series.belongs, rows), key=lambda row: row.bits_per_weight)
        ]
        parts += curve(series, points)
    frame = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#9aa3ae"/>'
    return [*parts, "</g>", frame]


def curve(series: Series, points: Sequence[tuple[float, float]]) -> list[str]:
    """Line and marks of a series."""
    parts = [marked(series, x, y) for x, y in points]
    if series.line != "none" and len(points) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = ' stroke-dasharray="4 3"' if series.line == "dashed" else ""
        parts.insert(0, f'<polyline points="{path}" fill="none" stroke="{series.colour}" stroke-width="1.6"{dashes}/>')
    return parts


def marked(series: Series, x: float, y: float) -> str:
    """A mark."""
    if series.mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{series.colour}"/>'
    turned = f' transform="rotate(45 {x:.1f} {y:.1f})"' if series.mark == "diamond" else ""
    size = 6.0 if turned else 4.6
    corner = f'x="{x - size / 2:.1f}" y="{y - size / 2:.1f}" width="{size}" height="{size}"'
    return f'<rect {corner} fill="{series.colour}"{turned}/>'


def legend(x0: float, y0: float) -> list[str]:
    """All series."""
    parts = []
    for number, series in enumerate(SERIES):
        y = y0 + TOP + 12 + 19 * number
        ends = [(x0 + LEFT, y), (x0 + LEFT + 24, y)]
        parts += curve(series, ends) if series.line != "none" else [marked(series, x0 + LEFT + 12, y)]
        parts.append(label(x0 + LEFT + 33, y + 4, series.title, size=12))
    return parts


def line(start: tuple[float, float], end: tuple[float, float], colour: str, dashes: str = "none") -> str:
    """A straight line."""
    ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dashes}"/>'


def label(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 11, weight: int = 400, colour: str = "#222"
) -> str:
    """A line of text."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'


if __name__ == "__main__":
    sys.exit(main())
