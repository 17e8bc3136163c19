"""Hand-made files whose level stream breaks one rule each.

One file, though long: a table of damage to one part of the format.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from frc_files import DATA, INDEX, THREE, Columns, digest, file_of, level_stream, section

from frcodec import Code
from frcodec.entropy.bits import BitWriter, fold
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.lanes import Coder
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table


def _file(data: bytes, dims: list[int] | None = None) -> bytes:
    """A file of one float32 vector whose stream is `data`."""
    columns = Columns(
        dims=dims or [3], sizes=[len(data)], digests=digest(np.array([1, -2, 0], np.float32)).to_bytes(4, "little")
    )
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


def _header(
    *,
    lanes: int = 0,
    state_bits: int = 0,
    row: int = 0,
    contexts: int = 0,
    wp: int = 0,
    base: int = 0,
    row_steps: tuple[int, ...] = (0,),
    classes: tuple[int, ...] = (),
    table: tuple[int, ...] = (24, 8),
    differences: tuple[int, ...] = (),
    ones: int = 0,
) -> bytes:
    """A header with any values, many tables of which are the same, then much of nothing. Unaries are given unsigned."""
    bits = BitWriter()
    if ones:
        bits.unary(ones)
    for value in (lanes, state_bits, row, contexts):
        bits.gamma(value)
    bits.field(wp, 4)
    bits.field(0, 4)
    bits.gamma(base)
    for value in (*row_steps, *classes):
        bits.unary(value)
    for value in table:
        bits.field(value, 6)
    bits.field(0, 2)
    for value in differences:
        bits.unary(value)
    return bits.getvalue() + bytes(40)


def _states(*states: int, words: bytes = b"") -> bytes:
    """A good header of one lane, then any states and words."""
    return THREE[:4] + b"".join(state.to_bytes(4, "little") for state in states) + words


def _padded(bit: int) -> bytes:
    """A header of 28 bits, with one bit set behind them."""
    data = bytearray(THREE)
    assert data[3] < 16
    data[3] |= bit
    return bytes(data)


def _two_segments(words: int) -> bytes:
    """Two segments of states and two words, the first of which claims more words than that."""
    bits = BitWriter()
    StreamModel(0, 0, ContextModel(1, 1), (Table(24, 8, 0),)).write(bits)
    bits.gamma(words)
    return bits.getvalue() + b"\0\0\1\0" * 3


def _escape(size: int, negative: bool = False, excess: int = 0) -> bytes:
    """A stream of one level behind an escape of any size, put together backwards from the end state."""
    table = Table(0, 0, 0)
    coder = Coder.of([table], 0)
    frequency, start = int(coder.frequency[0, 255]), int(coder.start[0, 255])
    x, words = 1 << 16, []
    fields = [(2 * size + negative, 6), (excess & 0xFFFF, min(size, 16)), (excess >> 16, max(0, min(size - 16, 15)))]
    for value, width in reversed(fields):
        if x << width >> 32:
            words.append(x & 0xFFFF)
            x >>= 16
        x = x << width | value
    if x >> 20 >= frequency:
        words.append(x & 0xFFFF)
        x >>= 16
    x = (x // frequency << 12) + start + x % frequency
    bits = BitWriter()
    StreamModel(0, 0, ContextModel(1, 1), (table,)).write(bits)
    return bits.getvalue() + x.to_bytes(4, "little") + b"".join(w.to_bytes(2, "little") for w in reversed(words))


def _without_words() -> bytes:
    flat = np.random.default_rng(1).integers(-90, 91, 300).astype(np.int32)
    return _file(level_stream(flat)[:40], [300])


def _huge_shifted() -> bytes:
    """A level in range for its table, but beyond 2^30 once its low bits are put behind it."""
    model = StreamModel(0, 0, ContextModel(1, 1), (Table(0, 63, 0),))
    return _file(_swapped(level_stream([(1 << 30) - 1, 5, 0], None, model)))


def _point(*levels: int) -> bytes:
    """Levels of a trellis of four states, one of whose points lies beyond 2^30."""
    model = StreamModel(0, 2, ContextModel(1, 1), (Table(24, 8, 0, 5),))
    return _file(level_stream(levels, None, model), [len(levels)])


def _with_row_steps(row_steps: Sequence[int], shape: tuple[int, ...] = (3,), **columns: Any) -> bytes:
    """The levels 1, -2 and 0 with row steps, sound but for where they stand."""
    steps = np.array(row_steps, np.int64)
    model = StreamModel(0, 0, ContextModel(1, 1), (Table(24, 8, 0),), steps)
    levels = np.array([1, -2, 0])[: math.prod(shape)]
    data = level_stream(levels, (len(row_steps),), model)
    every: dict[str, Any] = {"ranks": bytes([len(shape)]), "dims": list(shape), "sizes": [len(data)], **columns}
    every.setdefault("digests", digest(levels.astype(np.float32)).to_bytes(4, "little"))
    return file_of(section(DATA, data), section(INDEX, Columns(**every).pack()))


def _shared_row_steps() -> bytes:
    """Two tensors of one stream, of two rows and one."""
    return _with_row_steps(
        [0, 0, 0],
        names="a\0b\0",
        dtypes=bytes(2),
        codings=bytes(2),
        ranks=bytes([1, 1]),
        dims=[2, 1],
        axes=[0, 0],
        regions=bytes(2),
        steps=bytes([90, 90, 0, 0]),
        streams=[1, 1],
    )


def _digest_of(values: Sequence[int], dtype: type[np.generic]) -> bytes:
    return digest(np.array(values, dtype)).to_bytes(4, "little")


def _one_level(data: bytes, point: int) -> bytes:
    """A file of one weight, which is what the stream stands for if a check is left out."""
    columns = Columns(dims=[1], sizes=[len(data)], digests=_digest_of([point], np.float32))
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


def _wrapped_difference() -> bytes:
    """A table that differs by -64, which is nothing modulo 64, from the one before; all levels have the first."""
    return _file(_header(contexts=1, differences=(127, 0, 0))[:-40] + THREE[4:])


def _lane_without_state() -> bytes:
    """Two lanes, of which the second has no level, and one state."""
    model = StreamModel(1, 0, ContextModel(1, 1), (Table(24, 8, 0),))
    return _one_level(level_stream([1], None, model)[:-4], 1)


def _trellis_of_two_states() -> bytes:
    """Even levels, which leave any trellis in its first state."""
    table = Table(24, 8, 0, 5)
    stream = level_stream([2, 0, -2], None, StreamModel(0, 2, ContextModel(1, 1), (table,)))
    header = _header(state_bits=1, table=(24, 5, 8))[:-40]
    columns = Columns(sizes=[len(stream)], digests=_digest_of([4, 0, -4], np.float32))
    return file_of(section(DATA, header + stream[len(header) :]), section(INDEX, columns.pack()))


def _behind_nothing() -> bytes:
    """A byte behind the header of a stream without levels."""
    data = THREE[:4] + b"\0"
    columns = Columns(dims=[0], sizes=[len(data)], digests=bytes(4))
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


def _swapped(data: bytes) -> bytes:
    """Other bits in the first state: another escape size."""
    return data[:-4] + bytes(b ^ 0x5A for b in data[-4:])


STREAMS: dict[str, tuple[Callable[[], bytes], Code]] = {
    "stream_empty": (lambda: _file(b"\0"), Code.BAD_STREAM),
    "stream_of_no_bytes": (lambda: _file(b""), Code.BAD_STREAM),
    "stream_behind_nothing": (_behind_nothing, Code.BAD_STREAM),
    "stream_zeros": (lambda: _file(bytes(12)), Code.BAD_STREAM),
    "stream_ones": (lambda: _file(b"\xff" * 5000), Code.BAD_STREAM),
    "lanes_2_to_13": (lambda: _file(_header(lanes=13)), Code.BAD_STREAM),
    "lanes_2_to_2_to_32": (lambda: _file(_header(lanes=(1 << 32) - 1)), Code.BAD_STREAM),
    "gamma_of_33_bits": (lambda: _file(_header(ones=33)), Code.BAD_STREAM),
    "gamma_of_20000_bits": (lambda: _file(_header(ones=20_000)), Code.BAD_STREAM),
    "row_of_65537": (lambda: _file(_header(row=65536)), Code.BAD_STREAM),
    "row_of_2_to_32": (lambda: _file(_header(row=(1 << 32) - 1)), Code.BAD_STREAM),
    "contexts_65": (lambda: _file(_header(contexts=64)), Code.BAD_STREAM),
    "contexts_2_to_32": (lambda: _file(_header(contexts=(1 << 32) - 1)), Code.BAD_STREAM),
    "base_too_large": (lambda: _file(_header(base=fold(65537))), Code.BAD_STREAM),
    "base_too_small": (lambda: _file(_header(base=fold(-65537))), Code.BAD_STREAM),
    "state_bits_1": (lambda: _file(_header(state_bits=1, table=(24, 0, 8))), Code.BAD_STREAM),
    "state_bits_1_of_even_levels": (_trellis_of_two_states, Code.BAD_STREAM),
    "state_bits_9": (lambda: _file(_header(state_bits=9, table=(24, 0, 8))), Code.BAD_STREAM),
    "state_bits_2_to_32": (lambda: _file(_header(state_bits=(1 << 32) - 1, table=(24, 0, 8))), Code.BAD_STREAM),
    "classes_of_kind_3": (lambda: _file(_header(wp=1, classes=(3, 0, 0, 0))), Code.BAD_STREAM),
    "class_128": (lambda: _file(_header(wp=1, classes=(1, fold(128), 0, 0))), Code.BAD_STREAM),
    "class_128_of_quarters": (lambda: _file(_header(wp=1, classes=(2, 0, fold(128), 0))), Code.BAD_STREAM),
    "class_monster": (lambda: _file(_header(wp=7, classes=(1, 0, 20_000, 0))), Code.BAD_STREAM),
    "classes_cut": (lambda: _file(_header(wp=1, classes=(1, 3))[:4]), Code.BAD_STREAM),
    "table_64_more": (lambda: _file(_header(contexts=1, differences=(0, 127, 0))), Code.BAD_STREAM),
    "table_64_less": (lambda: _file(_header(contexts=1, differences=(128, 0, 0))), Code.BAD_STREAM),
    "table_64_less_wraps": (_wrapped_difference, Code.BAD_STREAM),
    "table_gap_monster": (
        lambda: _file(_header(state_bits=2, contexts=1, table=(24, 0, 8), differences=(0, 20_000, 0, 0))),
        Code.BAD_STREAM,
    ),
    "row_steps_of_kind_2": (lambda: _file(_header(row_steps=(2, 0, 0, 0))), Code.BAD_STREAM),
    "row_step_128": (lambda: _file(_header(row_steps=(1, 0, 0, fold(128)))), Code.BAD_STREAM),
    "row_step_monster": (lambda: _file(_header(row_steps=(1, 20_000, 0, 0))), Code.BAD_STREAM),
    "row_steps_cut": (lambda: _file(_header(row_steps=(1, 40))[:5]), Code.BAD_STREAM),
    "row_steps_of_several": (_shared_row_steps, Code.BAD_STREAM),
    "row_steps_of_integers": (
        lambda: _with_row_steps([0] * 3, dtypes=b"\4", steps=bytes(2), digests=_digest_of([1, -2, 0], np.int8)),
        Code.BAD_STREAM,
    ),
    "row_steps_of_a_scan": (lambda: _with_row_steps([0] * 3, regions=b"\2", kept=[3]), Code.BAD_STREAM),
    "row_steps_of_coefficients": (
        lambda: _with_row_steps([0], (1,), axes=[1], digests=_digest_of([1], np.float32)),
        Code.BAD_STREAM,
    ),
    "row_steps_of_a_scalar": (
        lambda: _with_row_steps([0], (), digests=_digest_of([1], np.float32)),
        Code.BAD_STREAM,
    ),
    "row_step_below_the_smallest_step": (lambda: _with_row_steps([0, -2, 0], steps=bytes([0, 127])), Code.BAD_STREAM),
    "row_step_above_the_largest_step": (lambda: _with_row_steps([0, 0, 1], steps=bytes([217, 192])), Code.BAD_STREAM),
    "point_beyond_2_to_30": (lambda: _point((1 << 29) + 1), Code.BAD_STREAM),
    "point_beyond_minus_2_to_30": (lambda: _point(1, 0, 0, -(1 << 29) - 1), Code.BAD_STREAM),
    "point_of_2_to_31": (lambda: _point(-(1 << 30)), Code.BAD_STREAM),
    "padding": (lambda: _file(_padded(0x80)), Code.RESERVED_BITS),
    "padding_lowest": (lambda: _file(_padded(0x10)), Code.RESERVED_BITS),
    "states_missing": (lambda: _file(_header(lanes=12)), Code.BAD_STREAM),
    "state_half": (lambda: _file(THREE[:-1]), Code.BAD_STREAM),
    "state_below_the_floor": (lambda: _file(_states(65535)), Code.BAD_STREAM),
    "state_below_the_floor_ends_well": (lambda: _one_level(_states(1, words=bytes(2)), 0), Code.BAD_STREAM),
    "state_of_an_idle_lane_missing": (_lane_without_state, Code.BAD_STREAM),
    "state_zero": (lambda: _file(_states(0)), Code.BAD_STREAM),
    "state_wrong": (lambda: _file(_states(0x12345678)), Code.BAD_STREAM),
    "words_missing": (_without_words, Code.BAD_STREAM),
    "word_too_many": (lambda: _file(THREE + b"\0\0"), Code.BAD_STREAM),
    "word_half": (lambda: _file(THREE + b"\0"), Code.BAD_STREAM),
    "levels_too_many": (lambda: _file(THREE, [4]), Code.BAD_STREAM),
    "levels_too_few": (lambda: _file(THREE, [2]), Code.BAD_STREAM),
    "segments_without_sizes": (lambda: _file(THREE[:4], [1 << 22]), Code.BAD_STREAM),
    "segment_of_2_to_32_words": (lambda: _file(_two_segments((1 << 32) - 1), [(1 << 20) + 1]), Code.BAD_STREAM),
    "segment_of_one_word_too_many": (lambda: _file(_two_segments(3), [(1 << 20) + 1]), Code.BAD_STREAM),
    "levels_of_gigabytes": (lambda: _file(THREE, [1 << 33]), Code.BAD_STREAM),
    "escape_of_31_bits": (lambda: _file(_escape(31), [1]), Code.BAD_STREAM),
    "escape_beyond_2_to_30": (lambda: _file(_escape(30, excess=1 << 20), [1]), Code.BAD_STREAM),
    "escape_beyond_minus_2_to_30": (lambda: _file(_escape(30, negative=True, excess=1), [1]), Code.BAD_STREAM),
    "shifted_beyond_2_to_30": (_huge_shifted, Code.BAD_STREAM),
}
