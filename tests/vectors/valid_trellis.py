"""Sound files about trellises: states, subsets and their tables, points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from vectors.building import build, coded, noise, power

from frcodec.constants import MAX_LEVEL, SEGMENT_LEVELS
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.region import Box, Scan

TRELLISES = range(2, 9)
"""state bits"""


def _model(state_bits: int, lanes_log2: int = 0, table: Table | None = None) -> StreamModel:
    """One context."""
    return StreamModel(lanes_log2, state_bits, ContextModel(1, 1), (table or Table(16, 10, 1, 9),))


def _states() -> bytes:
    """Every trellis, in one lane, in several, and in lanes of few levels or none."""
    parts = []
    for bits in TRELLISES:
        for lanes_log2, size in ((0, 300), (2, 301), (5, 40)):
            name = f"{1 << bits}.{1 << lanes_log2}"
            parts.append(coded(name, "float32", (size,), noise(size, bits, 3), model=_model(bits, lanes_log2)))
    return build(parts)


def _contexts() -> bytes:
    """Every trellis with neighbours, whose points count, and with classes of half and quarter octaves."""
    parts = []
    half, quarter = np.arange(-4, 5) * 2, np.arange(-5, 3)
    for bits in TRELLISES:
        tables = tuple(Table(30 - 2 * i, 4 + i, i % 4, (5 * i + bits) % 64) for i in range(16))
        context = ContextModel(8, 16, 2, 1 + bits, bits - 3, (half.astype(np.int64), quarter.astype(np.int64)))
        levels = noise(72, 90 + bits, 2) * (1 + np.arange(72) // 12)
        parts.append(coded(f"{1 << bits}", "float64", (9, 8), levels, model=StreamModel(1, bits, context, tables)))
    return build(parts)


def _tables() -> bytes:
    """Gaps that wrap around and gaps of nothing, tables of every shape and width, in both subsets."""
    parts = []
    for shape in range(4):
        for scale in (0, 4, 7, 12, 17, 20):
            for zero, gap in ((0, 0), (24, 63), (60, 20), (9, 32)):
                levels = noise(30, zero + 64 * scale + shape, 1 + scale // 4)
                table = Table(zero, scale, shape, gap)
                name = f"{zero}+{gap}.{scale}.{shape}"
                parts.append(coded(name, "float32", (30,), levels, model=_model(3, 0, table)))
    return build(parts)


def _table_differences() -> bytes:
    """64 contexts, all of whose four parameters differ by up to 63 from those before, either way."""
    tables = tuple(Table(i * 37 % 64, i * 29 % 64, i * 3 % 4, i * 43 % 64) for i in range(64))
    context = ContextModel(8, 64, 8, 7, -8, (np.arange(-8, 8, dtype=np.int64), None))
    levels = (noise(128, 3, 20).astype(np.int64) << np.arange(128) % 12).astype(np.int32)
    return build([coded("w", "float64", (16, 8), levels, model=StreamModel(1, 6, context, tables))])


def _shifts() -> bytes:
    """Low bits in plain, 1 to 11 of them: the parity of the whole level drives the trellis."""
    parts = []
    for scale in range(21, 64):
        levels = noise(16, scale, 2 << (scale - 8) // 4)
        table = Table(10, scale, scale % 4, 5)
        parts.append(coded(f"scale{scale}", "float64", (16,), levels, model=_model(2 + scale % 7, scale % 2, table)))
    return build(parts)


def _escapes() -> bytes:
    """Escapes of every size and both signs in both subsets, up to the largest points there are."""
    powers = (1 << np.arange(30)).astype(np.int64)
    values = np.concatenate([powers, powers - 1, powers[:-1] + 1])
    levels = np.stack([values, -values, values], 1).reshape(-1)
    assert levels.max() == MAX_LEVEL // 2
    parts = []
    for bits, scale, lanes_log2 in ((2, 0, 0), (3, 12, 2), (4, 12, 0), (5, 27, 1), (7, 63, 0), (8, 20, 3)):
        model = _model(bits, lanes_log2, Table(30, scale, 1, 60))
        parts.append(coded(f"{1 << bits}.{scale}", "float64", (levels.size,), levels, model=model))
    return build(parts)


def _no_direct_symbols() -> bytes:
    """In one subset all but zero is behind the escape, in the other there are symbols."""
    parts = [
        coded(f"{zero}+{gap}", "float32", (60,), noise(60, zero, 1), model=_model(4, 0, Table(zero, 20, 0, gap)))
        for zero, gap in ((63, 30), (29, 34))
    ]
    return build(parts)


def _segments() -> bytes:
    """The states start afresh in the second segment, in every lane."""
    levels = np.zeros(SEGMENT_LEVELS + 700, np.int32)
    levels[:: SEGMENT_LEVELS // 16 + 1] = np.arange(1, 18)
    levels[SEGMENT_LEVELS - 500 :] = noise(1200, 4, 3)
    tables = (Table(63, 4, 0, 60), Table(40, 8, 0, 1))
    model = StreamModel(8, 5, ContextModel(3, 2, 0, 2), tables)
    return build([coded("w", "int8", (levels.size,), levels, step=0, model=model)])


def _entries() -> bytes:
    """One path through all entries of a shared stream; integers; boxes, scans and transforms of points."""
    model = _model(5, 1)
    return build(
        [
            coded("a", "float32", (5,), [1, -2, 3, 0, 1], model=model, shared="all"),
            coded("b", "uint8", (4,), [1, -1, 2, 1], step=7, model=model, shared="all"),
            coded("c", "bfloat16", (2, 3), noise(6, 8, 3), axes=(1,), model=model, shared="all", step=power(-3)),
            coded("d", "int8", (300,), noise(300, 2, 70), step=200, model=_model(6, 2, Table(5, 24, 2, 3))),
            coded(
                "e", "float16", (6, 7), noise(20, 5, 9), axes=(0, 1), region=Box((4, 5)), step=power(-4), model=model
            ),
            coded("f", "float32", (6, 7), noise(13, 6, 9), axes=(0, 1), region=Scan(13), step=power(-4), model=model),
            coded("g", "float32", (3, 0), [], model=model),
            coded("h", "float64", (), [-3], model=model),
        ]
    )


VALID: dict[str, Callable[[], bytes]] = {
    "trellis_states": _states,
    "trellis_contexts": _contexts,
    "trellis_tables": _tables,
    "trellis_table_differences": _table_differences,
    "trellis_shifts": _shifts,
    "trellis_escapes": _escapes,
    "trellis_no_direct_symbols": _no_direct_symbols,
    "trellis_segments": _segments,
    "trellis_entries": _entries,
}
