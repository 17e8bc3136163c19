"""Draw the pictures of the pages: `python docs/pictures.py` writes docs/img/*.svg; tests compare them.

One file, though long: pictures share their cards, arrows and colours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "img"
BLUE, ORANGE, GREEN, PURPLE, GRAY, MINT = "#cfe8ff", "#ffe3c2", "#e8f5d8", "#e4d9ff", "#e9ecef", "#d3f1e4"
INK, SOFT = "#33415c", "#495066"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"


class Picture:
    """An SVG drawing on a white card, legible on light and dark pages."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M 0 0 L 8 4 L 0 8 z" fill="{INK}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" rx="10" fill="#ffffff"/>',
        ]

    def box(self, x: float, y: float, w: float, h: float, title: str, *lines: str, fill: str = GRAY) -> None:
        """A box with a bold title and smaller lines, centred."""
        self.cell(x, y, w, h, fill, radius=6)
        top = y + h / 2 - 8.5 * len(lines) + 5
        self.text(x + w / 2, top, title, size=14, anchor="middle", bold=True)
        for number, line in enumerate(lines, start=1):
            self.text(x + w / 2, top + 17 * number, line, size=12, anchor="middle", color=SOFT)

    def cell(self, x: float, y: float, w: float, h: float, fill: str, radius: float = 0, stroke: str = INK) -> None:
        """A rectangle."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" fill="{fill}" stroke="{stroke}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 13,
        anchor: str = "start",
        bold: bool = False,
        color: str = "#1d2433",
    ) -> None:
        """A line of text; y is its baseline."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" fill="{color}"{weight}>'
            f"{escape(text)}</text>"
        )

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line through the points with a tip at its end."""
        path = " L ".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path d="M {path}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#tip)"/>')

    def zoom(self, left: tuple[float, float, float], right: tuple[float, float, float]) -> None:
        """Two dashed lines from a box to what it is enlarged to: each (x above, x below, y above), 42 high."""
        for above, below, y in (left, right):
            self._parts.append(
                f'<line x1="{above:g}" y1="{y:g}" x2="{below:g}" y2="{y + 42:g}" '
                'stroke="#8d99ae" stroke-dasharray="4 3"/>'
            )

    def svg(self) -> str:
        """The file."""
        return "\n".join([*self._parts, "</svg>"]) + "\n"


def overview() -> Picture:
    """From a model file to an .frc file and back."""
    p = Picture(900, 262, "A model file becomes an .frc file")
    p.box(20, 30, 130, 150, "model file", ".pt .pth .ptl", ".pte", ".safetensors")
    p.box(200, 30, 150, 56, "skeleton", "zip, pickles, code", fill=ORANGE)
    p.box(200, 124, 110, 56, "tensors", "weights", fill=BLUE)
    p.box(556, 30, 120, 56, "zstd", fill=ORANGE)
    for x, title, line in (
        (342, "transform", "integer DCT"),
        (474, "quantize", "trellis"),
        (606, "entropy code", "rANS"),
    ):
        p.box(x, 124, 110 if x < 600 else 120, 56, title, line, fill=MINT)
        p.arrow((x - 32, 152), (x - 3, 152)) if x == 342 else p.arrow((x - 22, 152), (x - 3, 152))
    p.box(776, 30, 104, 150, "model.frc", "14 to 23 %", "of float32", fill=PURPLE)
    p.arrow((150, 58), (197, 58))
    p.arrow((150, 152), (197, 152))
    p.arrow((350, 58), (553, 58))
    p.arrow((676, 58), (773, 58))
    p.arrow((828, 180), (828, 222), (85, 222), (85, 184))
    p.text(456, 215, "decode: the same stages backwards, in integers", anchor="middle")
    p.text(456, 244, "bit-identical weights on every machine", anchor="middle", bold=True)
    return p


def file_format() -> Picture:
    """Sections, streams, segments."""
    p = Picture(900, 330, "An .frc file")
    p.text(20, 32, "File", size=15, bold=True)
    x = 20.0
    for width, fill, title, *lines in (
        (70, GRAY, "header", "6 bytes"),
        (206, BLUE, "data", "streams of tensors,", "one after the other"),
        (142, ORANGE, "skeleton", "the model file", "without its tensors"),
        (96, GREEN, "metadata", "text"),
        (122, GREEN, "widths", "channel axes,", "validated widths"),
        (130, PURPLE, "index", "names, shapes,", "steps, digests"),
        (70, GRAY, "trailer", "8 bytes"),
    ):
        p.box(x, 44, width, 68, str(title), *map(str, lines), fill=str(fill))
        x += width + 4
    p.text(508, 128, "optional", size=12, color=SOFT)
    p.text(606, 128, "optional", size=12, color=SOFT)
    p.zoom((94, 20, 112), (300, 496, 112))
    p.text(560, 163, "Stream", size=15, bold=True)
    p.box(20, 156, 168, 66, "header bits", "lanes, trellis, classes,", "tables, word counts", fill=BLUE)
    p.box(192, 156, 150, 66, "segment 0", "2²⁰ levels", fill="#b6dcff")
    p.box(346, 156, 150, 66, "segment 1", "…", fill="#b6dcff")
    p.text(560, 184, "The levels of one large tensor or of several")
    p.text(560, 203, "small ones; of lossless tensors, byte planes")
    p.text(560, 222, "under zstd.")
    p.zoom((192, 20, 222), (342, 496, 222))
    p.text(560, 271, "Segment", size=15, bold=True)
    p.box(20, 266, 150, 52, "states", "u32 for each lane", fill="#9fd0ff")
    p.box(174, 266, 322, 52, "words", "u16, shared by all lanes: interleaved rANS", fill="#9fd0ff")
    p.text(560, 292, "Lanes are decoded in parallel, each from its")
    p.text(560, 311, "own state, and share the words.")
    return p


def pipeline() -> Picture:
    """A tensor through the stages, in both directions, with the parameters that are stored."""
    p = Picture(900, 308, "The stages of a tensor")
    columns = (
        ("transform", "DCT of chosen axes,", "or none", "axes, block length", "inverse DCT", "in integers, × step"),
        ("truncate", "keep the low", "frequencies", "box or scan prefix", "fill", "zeros elsewhere"),
        ("quantize", "trellis search", "by rate and error", "steps, trellis", "levels to points", "follow the trellis"),
        ("entropy code", "contexts, tables,", "rANS in lanes", "classes, tables", "entropy decode", "same contexts"),
    )
    p.text(20, 40, "encode", size=15, bold=True)
    p.text(20, 288, "decode", size=15, bold=True)
    p.box(20, 112, 96, 84, "tensor", "float32, …", fill=BLUE)
    p.box(798, 112, 82, 84, "stream", "bytes", fill=PURPLE)
    for number, (forward, one, two, stored, back, what) in enumerate(columns):
        x = 142 + 160 * number
        p.box(x, 24, 140, 72, forward, one, two, fill=MINT)
        p.cell(x, 136, 140, 36, GRAY, radius=6)
        p.text(x + 70, 158, stored, anchor="middle")
        p.box(x, 226, 140, 62, back, what, fill=MINT)
        if number:
            p.arrow((x - 20, 60), (x - 3, 60))
            p.arrow((x, 257), (x - 17, 257))
        p.arrow((x + 70, 96), (x + 70, 133))
        p.arrow((x + 70, 172), (x + 70, 223))
    p.arrow((68, 112), (68, 60), (139, 60))
    p.arrow((762, 60), (839, 60), (839, 109))
    p.arrow((839, 196), (839, 257), (765, 257))
    p.arrow((142, 257), (68, 257), (68, 199))
    p.text(462, 205, "stored in the file", size=12, anchor="middle", color=SOFT)
    return p


def region() -> Picture:
    """A box and a scan prefix of an 8 by 8 tensor."""
    p = Picture(900, 330, "Kept regions")
    side, length, count = 30, 8, 17
    cells = [(i, j) for i in range(length) for j in range(length)]
    scan = sorted(cells, key=lambda cell: (sum(cell), cell))
    for left, title, kept in (
        (90, "box 3 × 5", {(i, j): "" for i, j in cells if i < 3 and j < 5}),
        (530, f"scan prefix of {count} positions", {cell: str(n) for n, cell in enumerate(scan[:count])}),
    ):
        p.text(left + length * side / 2, 30, title, size=15, anchor="middle", bold=True)
        for i, j in cells:
            p.cell(
                left + j * side, 66 + i * side, side, side, "#9fd0ff" if (i, j) in kept else "#fff", stroke="#8d99ae"
            )
            p.text(left + (j + 0.5) * side, 86 + i * side, kept.get((i, j), "0"), size=12, anchor="middle",
                   color="#1d2433" if (i, j) in kept else "#a7afbd")  # fmt: skip
        p.text(left, 57, "axis 1 →", size=12, color=SOFT)
        p.text(left - 10, 82, "axis 0 ↓", size=12, anchor="end", color=SOFT)
    p.text(344, 138, "Only the blue", size=13)
    p.text(344, 157, "positions have levels.", size=13)
    p.text(344, 195, "Stored: 3 and 5", size=13)
    p.text(784, 100, "By index sum,", size=13)
    p.text(784, 119, "then by first", size=13)
    p.text(784, 138, "index.", size=13)
    p.text(784, 176, f"Stored: {count}", size=13)
    return p


def lanes() -> Picture:
    """Segments, lanes and the words they share."""
    p = Picture(900, 350, "Segments and lanes")
    p.text(20, 30, "Levels of a stream, in segments of 2²⁰", size=15, bold=True)
    for number, width in enumerate((230, 230, 230, 120)):
        p.box(20 + 234 * number, 42, width, 34, f"segment {number}", fill="#b6dcff")
    p.zoom((20, 120, 76), (250, 620, 76))
    side, lane_count, length, now = 40, 4, 12, 5
    for lane in range(lane_count):
        y = 132 + 36 * lane
        p.text(110, y + 21, f"lane {lane}", anchor="end")
        for t in range(length):
            fill = "#ffd166" if t == now else BLUE if t < now else "#fff"
            p.cell(120 + side * t, y, side, 30, fill, stroke="#8d99ae")
            color = SOFT if t <= now else "#8a93a5"
            p.text(140 + side * t, y + 20, str(lane * length + t), size=12, anchor="middle", color=color)
    p.text(640, 152, "A lane holds consecutive levels")
    p.text(640, 171, "and has a state of its own.")
    p.text(640, 205, "Yellow: one iteration decodes")
    p.text(640, 224, "a level in every lane.")
    p.text(640, 258, "Blue: decoded; the context of")
    p.text(640, 277, "a level looks back in its lane.")
    for word in range(length):
        p.cell(120 + side * word, 302, side, 26, "#fff" if word > 6 else GRAY, stroke="#8d99ae")
    p.text(110, 320, "words", anchor="end")
    p.arrow((420, 302), (420, 286), (340, 286), (340, 273))
    p.text(640, 312, "Lanes whose state is small take the")
    p.text(640, 331, "next words, in the order of lanes.")
    return p


def layers() -> Picture:
    """The contract of layers in pyproject.toml."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rows = next(c["layers"] for c in contract if c["type"] == "layers")
    names = [re.findall(r"\w+", row) for row in rows]
    p = Picture(640, 40 + 40 * len(names), "Layers of the package")
    for number, row in enumerate(names):
        y, width = 20 + 40 * number, 520 / len(row)
        for column, name in enumerate(row):
            fill = (PURPLE, MINT, BLUE, GRAY)[min(3, 4 * number // len(names))]
            p.box(100 + width * column, y, width - 6, 34, name, fill=fill)
    p.arrow((60, 26), (60, 14 + 40 * len(names)))
    p.text(50, 20 + 20 * len(names), "imports", anchor="end", size=12, color=SOFT)
    return p


PICTURES: dict[str, Callable[[], Picture]] = {
    "overview": overview,
    "format": file_format,
    "pipeline": pipeline,
    "region": region,
    "lanes": lanes,
    "layers": layers,
}


def drawn() -> dict[Path, str]:
    """Every file and its content."""
    return {FOLDER / f"{name}.svg": draw().svg() for name, draw in PICTURES.items()}


if __name__ == "__main__":
    for path, text in drawn().items():
        path.write_text(text)
