"""Sound files about level streams: tables, contexts, lanes, segments, escapes."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import numpy as np
from vectors.building import build, coded, noise

from frcodec.constants import MAX_LEVEL, SEGMENT_LEVELS
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table


def _simple(table: Table, lanes_log2: int = 0) -> StreamModel:
    return StreamModel(lanes_log2, 0, ContextModel(1, 1), (table,))


def _tables() -> bytes:
    """Every shape with a spread of zero and scale parameters, in one context each."""
    parts = []
    for shape in range(4):
        for scale in (0, 3, 8, 13, 17, 20):
            for zero in (0, 24, 63):
                width = 1 + 2 ** max(0, (scale - 4) // 4)
                levels = noise(24, zero + 64 * scale, width)
                parts.append(
                    coded(f"{zero}.{scale}.{shape}", "float32", (24,), levels, model=_simple(Table(zero, scale, shape)))
                )
    return build(parts)


def _shifts() -> bytes:
    """Every scale beyond the cap: low bits in plain, 1 to 11 of them."""
    parts = []
    for scale in range(21, 64):
        levels = noise(8, scale, 2 << (scale - 8) // 4)
        parts.append(
            coded(f"scale{scale}", "float64", (8,), levels, model=_simple(Table(10, scale, scale % 4), scale % 2))
        )
    return build(parts)


def _escapes() -> bytes:
    """Escapes of every size and both signs, behind tables with and without low bits, in one and several lanes."""
    powers = (1 << np.arange(31)).astype(np.int64)
    values = np.concatenate([powers, powers - 1, powers[:-1] + 1])
    levels = np.stack([values, -values], 1).reshape(-1).clip(-MAX_LEVEL, MAX_LEVEL)
    return build(
        [
            coded(f"{scale}.{lanes}", "float64", (levels.size,), levels, model=_simple(Table(30, scale, 1), lanes))
            for scale, lanes in ((0, 0), (12, 0), (12, 2), (27, 1), (63, 0))
        ]
    )


def _no_direct_symbols() -> bytes:
    """A table so full of zeros that no other symbol has slots: all else is behind the escape, R = 0."""
    return build([coded("w", "float32", (40,), noise(40, 5, 1), model=_simple(Table(63, 20, 0)))])


def _lanes() -> bytes:
    """Fewer levels than lanes, a short last lane, lanes without levels."""
    parts = []
    for lanes_log2, size in ((0, 1), (1, 1), (1, 5), (2, 4), (3, 9), (3, 17), (4, 33), (5, 63), (6, 65), (7, 300)):
        levels = noise(size, size, 5)
        parts.append(
            coded(f"{1 << lanes_log2}.{size}", "float32", (size,), levels, model=_simple(Table(20, 12, 0), lanes_log2))
        )
    return build(parts)


def _lanes_most() -> bytes:
    """4096 lanes and 5000 levels."""
    return build([coded("w", "int8", (5000,), np.arange(5000) % 7 - 3, step=3, model=_simple(Table(20, 10, 2), 12))])


def _lanes_shared_words() -> bytes:
    """Lanes that take words for symbols, low bits and escapes in the same step."""
    levels = noise(96, 77, 400)
    levels[::7] *= 1000
    tables = (Table(5, 26, 0), Table(40, 2, 3))
    model = StreamModel(3, 0, ContextModel(4, 2, 0, 2, 3), tables)
    return build([coded("w", "float64", (8, 12), levels, model=model)])


def _neighbors() -> bytes:
    """Contexts of the levels before, with rows of every kind: of one level, of the kernel, longer than a lane."""
    parts = []
    for row, lanes_log2, wn, base in (
        (1, 0, 2, 0),
        (2, 1, 4, 1),
        (9, 0, 1, 0),
        (12, 2, 7, 3),
        (65536, 0, 3, -2),
        (30, 3, 15, 5),
    ):
        tables = tuple(Table(40 - 3 * i, 6 + i, i % 4) for i in range(12))
        model = StreamModel(lanes_log2, 0, ContextModel(row, 12, 0, wn, base), tables)
        levels = noise(72, row, 3) * (1 + np.arange(72) // 18)
        parts.append(coded(f"row{row}", "float32", (8, 9), levels, model=model))
    return build(parts)


def _neighbor_saturation() -> bytes:
    """Sums of neighbours around every quarter octave, and far beyond 32767."""
    borders = [isqrt(isqrt(1 << e)) for e in range(61)]  # e quarter octaves, rounded down
    levels = np.array([v for border in borders for v in (border, 0, 0, 0, 0, 0, 0, border + 1, 0, 0, 0, 0, 0, 0)])
    levels = np.concatenate([levels, borders, [40000, -MAX_LEVEL, 1, 0, 0, 2, 0]])
    model = StreamModel(0, 0, ContextModel(3, 64, 0, 8, -3), tuple(Table(30, min(63, 2 + i), 0) for i in range(64)))
    return build([coded("w", "float64", (levels.size,), levels, model=model)])


def _classes() -> bytes:
    """Classes on all, some and no axes, of both signs, with and without neighbours: quarter octaves from -128 to 127,
    half octaves from -256 to 254.
    """
    rows, columns, depth = np.array([0, 3, -2, 5]), np.array([-1, 0, 2]), np.array([127, -128])
    even_rows, even_depth = np.array([0, 6, -4, 10]), np.array([254, -256])
    parts = []
    for number, (classes, wp, wn, base) in enumerate(
        (
            ((rows, columns, depth), 1, 0, 0),
            ((rows, None, None), 4, 0, -2),
            ((None, columns, None), 2, 2, 0),
            ((None, None, None), 7, 1, 0),
            ((rows, columns, None), 4, 4, 65536),
            ((rows, columns, None), 4, 3, -65536),
            ((even_rows, None, even_depth), 1, 0, -20),
            ((even_rows, columns, None), 15, 15, -2),
        )
    ):
        tables = tuple(Table(30 - i, 6 + i, 0) for i in range(9))
        context = ContextModel(6, 9, wp, wn, base, tuple(c if c is None else c.astype(np.int64) for c in classes))
        parts.append(
            coded(
                f"classes{number}", "float32", (4, 3, 2), noise(24, number, 6), model=StreamModel(0, 0, context, tables)
            )
        )
    return build(parts)


def _class_sum() -> bytes:
    """Sums of classes beyond the limit at both ends, where a sum without limit would choose other tables."""
    parts = []
    for name, largest, end in (("above", 254, 2047), ("below", -256, -2047)):
        classes = (np.array([0, largest], np.int64),) * 10
        context = ContextModel(1, 20, 3, 0, (3 * end >> 3) - 9, classes)  # context 9
        model = StreamModel(0, 0, context, tuple(Table(20 + i, 8, 0) for i in range(20)))
        parts.append(coded(name, "float32", (2,) * 10, noise(1024, largest, 3), model=model))
    return build(parts)


def _class_sum_between() -> bytes:
    """Sums of classes that pass the limit on the way and end within it: only the whole sum has a limit."""
    parts = []
    for name, many, few in (("above", 254, -256), ("below", -256, 254)):
        end = 9 * many + 3 * few
        classes = (*[np.array([many], np.int64)] * 9, *[np.array([few], np.int64)] * 3, None)
        context = ContextModel(1, 20, 3, 0, (3 * end >> 3) - 9, classes)  # context 9
        model = StreamModel(0, 0, context, tuple(Table(20 + i, 8, 0) for i in range(20)))
        parts.append(coded(name, "float32", (*[1] * 12, 30), noise(30, many, 3), model=model))
    return build(parts)


def _class_segments() -> bytes:
    """Classes of rows and columns go on where the second segment starts, in row 1024."""
    rows, columns = 1040, 1024
    levels = np.zeros((rows, columns), np.int32)
    levels[SEGMENT_LEVELS // columns - 1 :, ::97] = noise(17 * 11, 8, 9).reshape(17, 11)
    classes = (np.arange(rows, dtype=np.int64) // 512, np.arange(columns, dtype=np.int64) // 256 % 2)
    tables = (Table(63, 4, 0), Table(62, 9, 1), Table(61, 13, 0), Table(60, 15, 1))
    model = StreamModel(8, 0, ContextModel(1, 4, 8, 0, 0, classes), tables)
    return build([coded("w", "int8", (rows, columns), levels, step=0, model=model)])


def _table_differences() -> bytes:
    """64 contexts whose tables differ by up to 63 from the one before, either way."""
    tables = tuple(Table(i * 37 % 64, i * 29 % 64, i * 3 % 4) for i in range(64))
    context = ContextModel(8, 64, 4, 3, -8, (np.arange(-8, 8, dtype=np.int64), None))
    levels = (noise(128, 3, 40).astype(np.int64) << np.arange(128) % 12).astype(np.int32)
    return build([coded("w", "float64", (16, 8), levels, model=StreamModel(1, 0, context, tables))])


def _shared_context() -> bytes:
    """In a shared stream neighbours go on from one entry to the next, and classes are those of the whole sequence."""
    context = ContextModel(5, 6, 2, 3, 0, (np.arange(40, dtype=np.int64) // 10,))
    model = StreamModel(1, 0, context, tuple(Table(35 - 4 * i, 5 + 2 * i, 1) for i in range(6)))
    sizes = (7, 1, 20, 12)
    return build(
        [
            coded(f"t{i}", "float32", (size,), noise(size, i, 4 + i), model=model, shared="all")
            for i, size in enumerate(sizes)
        ]
    )


def _segments() -> bytes:
    """Two segments of few levels that are not zero: contexts, lanes and words start afresh in the second."""
    levels = np.zeros(SEGMENT_LEVELS + 5, np.int32)
    levels[:: SEGMENT_LEVELS // 16 + 1] = np.arange(1, 17)
    levels[SEGMENT_LEVELS - 2 :] = [90, -91, 92, -93, 3, 100, -100]
    tables = (Table(63, 12, 0), Table(40, 14, 0))
    model = StreamModel(8, 0, ContextModel(3, 2, 0, 2), tables)
    return build([coded("w", "int8", (levels.size,), levels, step=0, model=model)])


VALID: dict[str, Callable[[], bytes]] = {
    "stream_tables": _tables,
    "stream_shifts": _shifts,
    "stream_escapes": _escapes,
    "stream_no_direct_symbols": _no_direct_symbols,
    "stream_lanes": _lanes,
    "stream_lanes_most": _lanes_most,
    "stream_lanes_shared_words": _lanes_shared_words,
    "stream_neighbors": _neighbors,
    "stream_neighbor_saturation": _neighbor_saturation,
    "stream_classes": _classes,
    "stream_class_sum": _class_sum,
    "stream_class_sum_between": _class_sum_between,
    "stream_class_segments": _class_segments,
    "stream_table_differences": _table_differences,
    "stream_shared_context": _shared_context,
    "stream_segments": _segments,
}
