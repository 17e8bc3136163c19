"""One stream of levels as bytes: header, then segments (spec section "Level streams").

header bits    lanes, trellis, context model, tables, words of every segment but the last
segment        states [lanes] uint32, words [...] uint16, both little-endian
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from .. import native
from ..constants import (
    FREQUENCY_BITS,
    MAX_DIRECT,
    MAX_LANES_LOG2,
    MAX_TRELLIS,
    MIN_TRELLIS,
    STATE_FLOOR,
    Code,
)
from ..errors import CorruptError
from ..native import encoder as native_encoder
from ..stages import trellis
from . import lanes
from .bits import BitReader, BitWriter, fold
from .contexts import ContextModel, Levels
from .rans import States, Words
from .segments import from_lanes, lane_lengths, segments, side_by_side, to_lanes
from .tables import Table

Contexts = npt.NDArray[np.uint8]

_BATCH_LANES = 4096
"""maximum number of lanes that are decoded side by side, unless a segment has more"""
_BATCH_SEGMENTS = 8
"""maximum number of segments that are decoded side by side, which limits the memory"""


@dataclass(frozen=True, slots=True)
class StreamModel:
    """The header of a stream, without word counts."""

    lanes_log2: int
    """0 … 12"""
    state_bits: int
    """of the trellis, 2 … 8; 0 without one, when levels and points are the same"""
    context: ContextModel
    tables: tuple[Table, ...]
    """one for each context"""
    row_steps: npt.NDArray[np.int64] | None = None
    """[shape[0]] differences of the rows' steps in quarter octaves, -128 … 127; None without row steps"""

    @property
    def lanes(self) -> int:
        """Number of lanes of every segment."""
        return 1 << self.lanes_log2

    @property
    def subsets(self) -> int:
        """Number of subsets of the points: 2 with a trellis."""
        return 2 if self.state_bits else 1

    def write(self, bits: BitWriter) -> None:
        """Write the header bits up to the word counts."""
        bits.gamma(self.lanes_log2)
        bits.gamma(self.state_bits)
        self.context.write_weights(bits)
        bits.unary(int(self.row_steps is not None))
        for row_step in self.row_steps.tolist() if self.row_steps is not None else ():
            bits.unary(fold(row_step))
        self.context.write_classes(bits)
        before = None
        for table in self.tables:
            table.write(bits, before, self.subsets)
            before = table

    @staticmethod
    def read(bits: BitReader, shape: tuple[int, ...]) -> StreamModel:
        """Inverse of `write` for levels of this shape. Raises CorruptError (bad_stream)."""
        lanes_log2 = bits.gamma()
        if lanes_log2 > MAX_LANES_LOG2:
            raise CorruptError(
                Code.BAD_STREAM, f"A stream has 2^{lanes_log2} lanes; at most 2^{MAX_LANES_LOG2} are allowed."
            )
        state_bits = bits.gamma()
        if state_bits and not MIN_TRELLIS <= state_bits <= MAX_TRELLIS:
            raise CorruptError(
                Code.BAD_STREAM,
                f"A stream has a trellis of {state_bits} state bits; 0 and {MIN_TRELLIS} to {MAX_TRELLIS} are allowed.",
            )
        weights = ContextModel.read_weights(bits)
        row_steps = _read_row_steps(bits, shape)
        context = weights.read_classes(bits, shape)
        tables: list[Table] = []
        for _ in range(context.contexts):
            tables.append(Table.read(bits, tables[-1] if tables else None, 2 if state_bits else 1))
        return StreamModel(lanes_log2, state_bits, context, tuple(tables), row_steps)


def _read_row_steps(bits: BitReader, shape: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
    present = bits.unary()
    if not present:
        return None
    if present > 1 or not shape:
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps of an unknown kind, or no rows for them.")
    return bits.signed_bytes(shape[0])


@dataclass(frozen=True, slots=True)
class Quantized:
    """Levels, and with a trellis the subset of each."""

    levels: Levels
    """[n]"""
    subsets: npt.NDArray[np.uint8] | None = None
    """[n]; None without a trellis"""

    @property
    def points(self) -> Levels:
        """The points of the levels [n]."""
        return self.levels if self.subsets is None else trellis.points(self.levels, self.subsets)

    def part(self, part: slice) -> Quantized:
        """A range of the levels."""
        return Quantized(self.levels[part], None if self.subsets is None else self.subsets[part])


def encode(quantized: Quantized, shape: tuple[int, ...], model: StreamModel) -> bytes:
    """The stream of levels [prod(shape)] under a model."""
    coder = lanes.Coder.of(model.tables, model.state_bits)
    contexts = contexts_by_level(quantized.points, shape, model)
    parts: list[bytes] = []
    word_counts: list[int] = []
    for part in segments(quantized.levels.size):
        states, words = _encode_segment(quantized.part(part), contexts[part], model, coder)
        parts += [states.astype("<u4").tobytes(), words.astype("<u2").tobytes()]
        word_counts.append(len(words))
    bits = BitWriter()
    model.write(bits)
    for count in word_counts[:-1]:
        bits.gamma(count)
    return bits.getvalue() + b"".join(parts)


def _encode_segment(
    quantized: Quantized, contexts: Contexts, model: StreamModel, coder: lanes.Coder
) -> tuple[States, Words]:
    count = model.context.contexts
    if native.enabled():
        tables = coder.frequency, coder.start, coder.reach, coder.shift
        return native_encoder.encode_lanes(quantized.levels, contexts, quantized.subsets, count, tables, model.lanes)
    rows = contexts.astype(np.intp)
    if quantized.subsets is not None:
        rows += quantized.subsets * np.intp(count)
    lengths = lane_lengths(rows.size, model.lanes)
    return lanes.encode(to_lanes(quantized.levels, model.lanes), lengths, to_lanes(rows, model.lanes), coder)


def contexts_by_level(points: Levels, shape: tuple[int, ...], model: StreamModel) -> Contexts:
    """Contexts of all levels of a stream [prod(shape)], given their points [prod(shape)]."""
    axis_sum = model.context.axis_sum(shape)
    result = np.empty(points.size, np.uint8)
    for part in segments(points.size):
        if native.enabled():
            result[part] = native_encoder.contexts_by_level(points[part], axis_sum[part], model.lanes, model.context)
            continue
        contexts = model.context.of_points(to_lanes(points[part], model.lanes), to_lanes(axis_sum[part], model.lanes))
        result[part] = from_lanes(contexts, part.stop - part.start)
    return result


def magnitude_bits(model: StreamModel) -> npt.NDArray[np.float64]:
    """Cost in bits of the magnitudes 0 … 127, sign included, in each row of the tables [rows, 128]."""
    coder = lanes.Coder.of(model.tables, model.state_bits)
    shift = coder.shift[:, None]
    magnitudes = np.arange(MAX_DIRECT + 1)[None] + (1 << shift >> 1) >> shift
    symbols = np.where(magnitudes > 0, 2 * magnitudes, 0)
    slots = np.maximum(np.take_along_axis(coder.frequency, symbols, axis=1), 2.0**-4)
    bits: npt.NDArray[np.float64] = FREQUENCY_BITS - np.log2(slots) + shift
    return bits


def decode(data: bytes | memoryview, shape: tuple[int, ...]) -> tuple[Levels, npt.NDArray[np.int64] | None]:
    """The points [prod(shape)] and the row steps [shape[0]] of a stream; None without row steps.

    `data` must end where the stream ends. Raises CorruptError (bad_stream or reserved_bits).
    """
    parts = segments(prod(shape))
    bits = BitReader(data)
    model = StreamModel.read(bits, shape)
    word_counts = [bits.gamma() for _ in parts[:-1]]
    pieces = _split(memoryview(data)[bits.finish() :], len(parts), model.lanes, word_counts)
    coder = lanes.Coder.of(model.tables, model.state_bits)
    axis_sum = model.context.axis_sum(shape)
    points = np.empty(prod(shape), np.int32)
    batch = max(1, min(_BATCH_LANES // model.lanes, _BATCH_SEGMENTS))
    for first in range(0, len(parts), batch):
        some = slice(first, first + batch)
        _decode_segments(pieces[some], parts[some], model, coder, axis_sum, points)
    return points, model.row_steps


def _decode_segments(
    pieces: Sequence[tuple[States, Words]],
    parts: Sequence[slice],
    model: StreamModel,
    coder: lanes.Coder,
    axis_sum: npt.NDArray[np.int16],
    points: Levels,
) -> None:
    """Decode segments side by side into their parts of `points`."""
    sizes = [part.stop - part.start for part in parts]
    decoded = lanes.decode(
        np.concatenate([states for states, _ in pieces]),
        [words for _, words in pieces],
        np.concatenate([lane_lengths(size, model.lanes) for size in sizes]),
        model.context,
        coder,
        side_by_side([to_lanes(axis_sum[part], model.lanes) for part in parts]),
    )
    for values, part, size in zip(np.hsplit(decoded, len(parts)), parts, sizes, strict=True):
        points[part] = from_lanes(values, size)


def _split(body: memoryview, segments: int, lane_count: int, word_counts: Sequence[int]) -> list[tuple[States, Words]]:
    """States and words of each segment; the last takes the rest of the stream."""
    pieces, at = [], 0
    for segment in range(segments):
        words_at = at + 4 * lane_count
        end = words_at + 2 * word_counts[segment] if segment < segments - 1 else len(body)
        if words_at > end or end > len(body) or (end - words_at) % 2:
            raise CorruptError(Code.BAD_STREAM, "A level stream is shorter than its header says, or its size is odd.")
        states = np.frombuffer(body[at:words_at], "<u4").astype(np.uint32)
        if (states < STATE_FLOOR).any():
            raise CorruptError(Code.BAD_STREAM, f"A lane of a level stream starts below {STATE_FLOOR}.")
        pieces.append((states, np.frombuffer(body[words_at:end], "<u2").astype(np.uint16)))
        at = end
    if at != len(body):
        raise CorruptError(Code.BAD_STREAM, f"A level stream has {len(body) - at} bytes too many.")
    return pieces
