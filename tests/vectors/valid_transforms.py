"""Sound files about transforms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from vectors.building import build, coded, levels_by_number, power

from frcodec.stages.region import Box, Scan


def _transform_lengths() -> bytes:
    """One axis, of many lengths."""
    lengths = (1, 2, 3, 4, 5, 7, 8, 16, 27, 64, 100, 255, 256)
    return build(
        [coded(f"n{n}", "float32", (n,), levels_by_number(n, n, 300), axes=(0,), step=power(-7)) for n in lengths]
    )


def _transform_longest() -> bytes:
    """The longest axis, of which a few coefficients are kept, in both places."""
    return build(
        [
            coded(
                "last", "float16", (2, 4096), levels_by_number(6, 5, 40), axes=(1,), region=Box((2, 3)), step=power(-3)
            ),
            coded(
                "first",
                "float32",
                (4095, 1),
                levels_by_number(5, 6, 400),
                axes=(0,),
                region=Box((5, 1)),
                step=power(-8),
            ),
            coded("highest", "bfloat16", (4096,), [0] * 4095 + [1000], axes=(0,), step=power(-2)),
        ]
    )


def _transform_axes() -> bytes:
    """All subsets of the axes of one shape."""
    shape, parts = (4, 3, 5, 2), []
    for mask in range(16):
        axes = tuple(axis for axis in range(4) if mask >> axis & 1)
        parts.append(
            coded(f"axes{mask}", "float32", shape, levels_by_number(120, mask + 1, 50), axes=axes, step=power(-5, mask))
        )
    return build(parts)


def _transform_order() -> bytes:
    """Boxes whose axes grow by different factors, equal ones and fractions close to each other among them."""
    cases = [
        ((8, 8), (2, 4)),
        ((8, 8), (4, 2)),
        ((6, 6), (3, 3)),
        ((7, 5, 6), (3, 2, 5)),
        ((9, 10), (8, 9)),
        ((10, 9), (9, 8)),
        ((5, 5, 5), (1, 5, 3)),
        ((4, 4), (0, 0)),
        ((3, 16), (3, 1)),
    ]
    parts = []
    for number, (shape, kept) in enumerate(cases):
        axes = tuple(range(len(shape)))
        values = levels_by_number(int(np.prod(kept)), number + 3, 200)
        parts.append(coded(f"box{number}", "float64", shape, values, axes=axes, region=Box(kept), step=power(-6)))
    return build(parts)


def _transform_energy() -> bytes:
    """The largest and the smallest F, energies just at and just beyond the border of two F, and levels of zero."""
    energies = {
        "f8": [1 << 22, 0],
        "f8.just": [(1 << 22) - 1, 2896],
        "f30": [1, 0],
        "f29": [1, 1],
        "f29.last": [2, 0],
        "f28": [2, 1],
        "none": [0, 0],
    }
    return build([coded(name, "float64", (2,), levels, axes=(0,)) for name, levels in energies.items()])


def _transform_energy_exact() -> bytes:
    """Energies of exactly 2^(60 - 2F), of one less and of one more, where another F rounds to other weights."""
    size = 1 << 14
    energies = {
        "f15": [size, size, size, -size],  # 2^30
        "f15.less": [size, size, size, 1 - size, 181, 2, 1, 1],
        "f14": [size, size, size, -size, 1],
        "f11": [1 << 19],
        "f10": [1 << 19, 1],
    }
    parts = []
    for name, levels in energies.items():
        parts.append(coded(name, "float64", (11,), [*levels, *[0] * (11 - len(levels))], axes=(0,)))
    return build(parts)


def _transform_spatial() -> bytes:
    """Kernels of a convolution: boxes over channels that are not transformed, and more blocks than one."""
    return build(
        [
            coded(
                "conv",
                "float32",
                (6, 4, 3, 3),
                levels_by_number(5 * 4 * 9, 9, 70),
                axes=(2, 3),
                region=Box((5, 4, 3, 3)),
                step=power(-6),
            ),
            coded(
                "conv.cut",
                "bfloat16",
                (6, 4, 5, 5),
                levels_by_number(6 * 3 * 2 * 4, 10, 70),
                axes=(2, 3),
                region=Box((6, 3, 2, 4)),
                step=power(-6),
            ),
            coded(
                "rows",
                "float16",
                (5, 12),
                levels_by_number(5 * 7, 11, 70),
                axes=(1,),
                region=Box((5, 7)),
                step=power(-6),
            ),
            coded(
                "columns",
                "float32",
                (12, 5),
                levels_by_number(12 * 2, 12, 70),
                axes=(0,),
                region=Box((12, 2)),
                step=power(-6),
            ),
        ]
    )


def _frequency_regularized() -> bytes:
    """What networks trained with frequency regularization are: few coefficients of large tensors, in scan order."""
    cases = [((64, 3, 3, 3), 33), ((40, 50), 12), ((64,), 5), ((17, 2, 3), 40)]
    return build(
        [
            coded(
                f"fr{i}",
                "float32",
                shape,
                levels_by_number(count, i + 20, 900),
                axes=tuple(range(len(shape))),
                region=Scan(count),
                step=power(-7),
                shared="all",
            )
            for i, (shape, count) in enumerate(cases)
        ]
    )


def _scan_transformed() -> bytes:
    """The order of the axes follows the box around the prefix."""
    parts = []
    shape = (5, 8)
    for number, count in enumerate((1, 2, 5, 6, 11, 17, 40)):
        parts.append(
            coded(
                f"scan{count}",
                "float64",
                shape,
                levels_by_number(count, number + 40, 99),
                axes=(0, 1),
                region=Scan(count),
                step=power(-5),
            )
        )
        parts.append(
            coded(
                f"part{count}",
                "float64",
                shape,
                levels_by_number(count, number + 50, 99),
                axes=(1,),
                region=Scan(count),
                step=power(-5),
            )
        )
    return build(parts)


VALID: dict[str, Callable[[], bytes]] = {
    "transform_lengths": _transform_lengths,
    "transform_longest": _transform_longest,
    "transform_axes": _transform_axes,
    "transform_order": _transform_order,
    "transform_energy": _transform_energy,
    "transform_energy_exact": _transform_energy_exact,
    "transform_spatial": _transform_spatial,
    "frequency_regularized": _frequency_regularized,
    "scan_transformed": _scan_transformed,
}
