"""Sound files about transforms in blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from vectors.building import build, coded, levels_by_number, noise, power

from frcodec.stages.region import Box, Scan


def _lengths() -> bytes:
    """Runs of 2, 16 and 2048; axes of whole runs, with a shorter last one, of one element more, shorter than a run."""
    cases = [(b, n) for b in (1, 4) for n in (1, 2, 3, 15, 16, 17, 32, 33, 47, 48, 50)]
    cases += [(b, 40) for b in range(1, 12)] + [(11, 2048), (11, 2049), (11, 4096), (11, 4100)]
    parts = []
    for b, n in cases:
        levels = noise(n, 3 * n + b, 40) if n < 100 else levels_by_number(n, n, 300)
        parts.append(coded(f"{1 << b}:{n}", "float32", (n,), levels, axes=(0,), block=b, step=power(-5)))
    return build(parts)


def _boxes() -> bytes:
    """Boxes that end inside a run, at its end, and before most runs, which are zeros then; on either axis."""
    parts = []
    for kept in (0, 1, 3, 4, 5, 7, 8, 9, 12, 13):
        for axis, shape, box in ((0, (14, 3), (kept, 3)), (1, (3, 14), (3, kept)), (0, (14, 2), (kept, 1))):
            levels = noise(box[0] * box[1], kept, 50)
            name = f"{axis}.{box[0]}x{box[1]}"
            parts.append(coded(name, "float64", shape, levels, axes=(axis,), block=2, region=Box(box), step=power(-4)))
    return build(parts)


def _axes() -> bytes:
    """Several axes in blocks; their order follows whole axes and boxes."""
    shape, parts = (6, 5, 9), []
    for number, (axes, block, kept) in enumerate(
        [
            ((0, 1), 1, (6, 5, 9)),
            ((0, 2), 2, (5, 5, 7)),
            ((1, 2), 3, (6, 5, 9)),
            ((0, 1, 2), 1, (3, 2, 5)),
            ((0, 1, 2), 2, (2, 5, 3)),
            ((0, 1, 2), 11, (6, 5, 8)),
            ((2,), 1, (6, 5, 1)),
        ]
    ):
        levels, step = noise(int(np.prod(kept)), number, 60), power(-5, number)
        parts.append(coded(f"w{number}", "float32", shape, levels, axes=axes, block=block, region=Box(kept), step=step))
    return build(parts)


def _long() -> bytes:
    """Axes longer than any that could be transformed as a whole, most runs of which are outside of the box."""
    half, rows, columns = levels_by_number(3000, 1, 200), noise(40, 2, 60), noise(2 * 4097, 3, 2)
    step = power(-4)
    return build(
        [
            coded("half", "float16", (10_000,), half, axes=(0,), block=11, region=Box((3000,)), step=step),
            coded("rows", "float32", (5000, 2), rows, axes=(0,), block=4, region=Box((20, 2)), step=step),
            coded("columns", "bfloat16", (2, 4097), columns, axes=(1,), block=6, step=step),
            coded("empty", "float32", (4500, 1), [], axes=(0,), block=1, region=Box((0, 1))),
        ]
    )


def _scans() -> bytes:
    """Scan prefixes of coefficients in blocks: the positions are those of the tensor."""
    parts = []
    for number, (axes, count) in enumerate([((0,), 3), ((0,), 20), ((1,), 17), ((0, 1), 11), ((0, 1), 54)]):
        levels = noise(count, number, 70)
        parts.append(
            coded(f"scan{number}", "float64", (6, 9), levels, axes=axes, block=2, region=Scan(count), step=power(-5))
        )
    return build(parts)


VALID: dict[str, Callable[[], bytes]] = {
    "blocks_lengths": _lengths,
    "blocks_boxes": _boxes,
    "blocks_axes": _axes,
    "blocks_long": _long,
    "blocks_scans": _scans,
}
