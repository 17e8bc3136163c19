"""Sound files about row steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from vectors.building import build, coded, noise, power

from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.region import Box
from frcodec.stages.steps import MAX_CODE


def _model(row_steps: Sequence[int], state_bits: int = 0, lanes_log2: int = 0) -> StreamModel:
    """One context."""
    table = Table(16, 10, 1, 9 if state_bits else 0)
    return StreamModel(lanes_log2, state_bits, ContextModel(1, 1), (table,), np.array(row_steps, np.int64))


def _plain() -> bytes:
    """Every float dtype without a transform: whole tensors, boxes of all and of some rows, vectors."""
    parts = []
    for dtype in ("float32", "float16", "bfloat16", "float64"):
        for name, kept in (("whole", (5, 6)), ("columns", (5, 4)), ("rows", (3, 6)), ("both", (2, 1))):
            levels = noise(kept[0] * kept[1], kept[1], 300)
            model = _model([0, 1, -1, 7, -9][: kept[0]])
            step = power(-6, 77)
            parts.append(coded(f"{dtype}.{name}", dtype, (5, 6), levels, region=Box(kept), step=step, model=model))
        vector = noise(9, 3, 99)
        parts.append(coded(f"{dtype}.vector", dtype, (9,), vector, step=power(-2, 3), model=_model(range(-4, 5))))
    return build(parts)


def _transformed() -> bytes:
    """F is that of all rows together, whatever their steps; on several axes, in a box, in blocks, in half precision."""
    rows, kernels, blocks = noise(36, 1, 80), noise(4 * 2 * 2 * 3, 2, 80), noise(3 * 19, 3, 50)
    step = power(-5, 9)
    boxed, cut = Box((4, 2, 2, 3)), Box((3, 19))
    return build(
        [
            coded("rows", "float32", (4, 9), rows, axes=(1,), step=step, model=_model([3, 0, -30, 2])),
            coded(
                "kernels",
                "bfloat16",
                (5, 2, 3, 3),
                kernels,
                axes=(2, 3),
                region=boxed,
                step=step,
                model=_model([1, -1, 12, -12]),
            ),
            coded(
                "blocks",
                "float16",
                (3, 21),
                blocks,
                axes=(1,),
                block=3,
                region=cut,
                step=step,
                model=_model([-2, 5, 0]),
            ),
            coded("zeros", "float64", (2, 4), np.zeros(8), axes=(1,), model=_model([127, -128])),
        ]
    )


def _range() -> bytes:
    """Row steps from -128 to 127, steps from the smallest to the largest code."""
    return build(
        [
            coded("all", "float64", (256, 2), noise(512, 4, 40), model=_model(range(-128, 128))),
            coded("smallest", "float64", (3, 2), [1, -2] * 3, step=128 * 64, model=_model([-128, -127, 0])),
            coded("largest", "float64", (3, 2), [1, -2] * 3, step=MAX_CODE - 127 * 64, model=_model([127, 126, 0])),
            coded("none", "float64", (2,), [5, -6], step=0, model=_model([0, 0])),
        ]
    )


def _empty() -> bytes:
    """Tensors without levels, without rows, and rows without columns."""
    return build(
        [
            coded("box", "float32", (3, 4), [], region=Box((0, 4)), model=_model([])),
            coded("columns", "float16", (2, 0), [], model=_model([4, -4])),
            coded("rows", "bfloat16", (0, 3), [], model=_model([])),
            coded("kept.columns", "float32", (3, 4), [], region=Box((2, 0)), model=_model([9, -9])),
        ]
    )


def _streams() -> bytes:
    """With classes, neighbours, lanes and a trellis; in a shared stream that has one entry."""
    context = ContextModel(6, 5, 4, 3, 0, (np.arange(8, dtype=np.int64), None))
    tables = tuple(Table(30 - 3 * i, 5 + 2 * i, 1, 4 * i) for i in range(5))
    row_steps = np.array([0, 2, 4, 6, -1, -3, -5, 8], np.int64)
    return build(
        [
            coded("w", "float32", (8, 6), noise(48, 9, 12), model=StreamModel(2, 4, context, tables, row_steps)),
            coded("alone", "float16", (3, 3), noise(9, 2, 5), model=_model([1, 2, 3]), shared="alone"),
        ]
    )


VALID: dict[str, Callable[[], bytes]] = {
    "rows_plain": _plain,
    "rows_transformed": _transformed,
    "rows_range": _range,
    "rows_empty": _empty,
    "rows_streams": _streams,
}
