"""One stream of levels as bytes: header, then segments (spec section "Level streams").

    header bits    lanes, trellis, context model, tables, words of every segment but the last
    segment        states [lanes] uint32, words [...] uint16, both little-endian

Every segment but the last holds 2^20 levels. Lane l of a segment of n levels holds the levels from l · ⌈n / lanes⌉ on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .. import native
from ..constants import (
    FREQUENCY_BITS,
    MAX_DIRECT,
    MAX_LANES_LOG2,
    MAX_TRELLIS,
    MIN_TRELLIS,
    SEGMENT_LEVELS,
    STATE_FLOOR,
    Code,
)
from ..errors import CorruptError
from ..native import encoder as native_encoder
from ..stages import trellis
from . import lanes
from .bits import BitReader, BitWriter, fold
from .contexts import ContextModel, Levels, neighbor_sums
from .tables import Table

_Number = TypeVar("_Number", np.uint8, np.int16, np.int32, np.intp, np.float64)
Contexts = npt.NDArray[np.uint8]

_BATCH_LANES = 4096
"""lanes that one NumPy call serves at most when segments are decoded side by side"""
_BATCH_SEGMENTS = 8
"""segments decoded side by side at most: what bounds the memory"""


@dataclass(frozen=True, slots=True)
class StreamModel:
    """All that a stream says before its first level."""

    lanes_log2: int
    """0 … 12"""
    state_bits: int
    """of the trellis, 2 … 8, or 0 for none: then levels and points are the same"""
    context: ContextModel
    tables: tuple[Table, ...]
    """one a context"""
    row_steps: npt.NDArray[np.int64] | None = None
    """by how many quarter octaves the step of each index of axis 0 differs, -128 … 127; None for none"""

    @property
    def lanes(self) -> int:
        """Lanes of every segment."""
        return 1 << self.lanes_log2

    @property
    def subsets(self) -> int:
        """Tables of a context."""
        return 2 if self.state_bits else 1

    def write(self, bits: BitWriter) -> None:
        """Header bits up to the segments' sizes."""
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
        """Inverse of `write` for levels of this kept shape."""
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
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps of an unknown kind, or without rows.")
    return bits.signed_bytes(shape[0])


@dataclass(frozen=True, slots=True)
class Quantized:
    """Levels, and the subsets that a trellis has them in."""

    levels: Levels
    """[n]"""
    subsets: npt.NDArray[np.uint8] | None = None
    """[n]; None without a trellis"""

    @property
    def points(self) -> Levels:
        """What the levels stand for [n]."""
        return self.levels if self.subsets is None else trellis.points(self.levels, self.subsets)

    def part(self, where: slice) -> Quantized:
        """Some of the levels."""
        return Quantized(self.levels[where], None if self.subsets is None else self.subsets[where])


def segment_sizes(count: int) -> list[int]:
    """Levels of each segment."""
    full, rest = divmod(count, SEGMENT_LEVELS)
    return [SEGMENT_LEVELS] * full + [rest] * (rest > 0)


def segments(count: int) -> list[slice]:
    """Where each segment's levels are."""
    starts = range(0, count, SEGMENT_LEVELS)
    return [slice(start, min(start + SEGMENT_LEVELS, count)) for start in starts]


def lane_lengths(size: int, lane_count: int) -> npt.NDArray[np.int64]:
    """Levels of each lane of a segment, descending."""
    chunk = -(-size // lane_count)
    return np.clip(size - chunk * np.arange(lane_count), 0, chunk)


def lane_starts(count: int, lane_count: int) -> npt.NDArray[np.int64]:
    """Where the lanes of all segments that hold levels begin."""
    starts = [
        np.arange(part.start, part.stop, -(-(part.stop - part.start) // lane_count), dtype=np.int64)
        for part in segments(count)
    ]
    return np.concatenate(starts)


def in_time(flat: npt.NDArray[_Number], lane_count: int) -> npt.NDArray[_Number]:
    """Values of one segment [size] laid out in time [steps, lanes], zero beyond a lane's end."""
    chunk = -(-len(flat) // lane_count)
    padded = np.zeros(chunk * lane_count, flat.dtype)
    padded[: len(flat)] = flat
    return np.ascontiguousarray(padded.reshape(lane_count, chunk).T)


def encode(quantized: Quantized, shape: tuple[int, ...], model: StreamModel) -> bytes:
    """The stream of these levels [prod(shape)] under a model."""
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
) -> tuple[lanes.States, lanes.Words]:
    count = model.context.contexts
    if native.enabled():
        tables = coder.frequency, coder.start, coder.reach, coder.shift
        return native_encoder.encode_lanes(quantized.levels, contexts, quantized.subsets, count, tables, model.lanes)
    rows = contexts.astype(np.intp)
    if quantized.subsets is not None:
        rows += quantized.subsets * np.intp(count)
    lengths = lane_lengths(rows.size, model.lanes)
    return lanes.encode(in_time(quantized.levels, model.lanes), lengths, in_time(rows, model.lanes), coder)


def contexts_by_level(points: Levels, shape: tuple[int, ...], model: StreamModel) -> Contexts:
    """Contexts of all levels [prod(shape)] in the lanes they are coded in, given their points."""
    axis_sum = model.context.axis_sum(shape)
    result = np.empty(points.size, np.uint8)
    for part in segments(points.size):
        if native.enabled():
            result[part] = native_encoder.contexts_by_level(points[part], axis_sum[part], model.lanes, model.context)
            continue
        mine, axis = in_time(points[part], model.lanes), in_time(axis_sum[part], model.lanes)
        result[part] = contexts_in_time(mine, axis, model.context).T.reshape(-1)[: part.stop - part.start]
    return result


def contexts_in_time(points: Levels, axis_sum: npt.NDArray[np.int16], model: ContextModel) -> npt.NDArray[np.intp]:
    """Contexts of one segment's levels [steps, lanes], given their points."""
    weighted = model.neighbor_term()[neighbor_sums(points, model.backs)] if model.wn else np.zeros_like(points)
    return model.clamped(weighted + axis_sum)


def magnitude_bits(model: StreamModel) -> npt.NDArray[np.float64]:
    """Cost in bits of the magnitudes 0 … 127 in each row of the tables [rows, 128], sign included."""
    coder = lanes.Coder.of(model.tables, model.state_bits)
    shift = coder.shift[:, None]
    magnitudes = np.arange(MAX_DIRECT + 1)[None] + (1 << shift >> 1) >> shift
    symbols = np.where(magnitudes > 0, 2 * magnitudes, 0)
    slots = np.maximum(np.take_along_axis(coder.frequency, symbols, axis=1), 2.0**-4)
    bits: npt.NDArray[np.float64] = FREQUENCY_BITS - np.log2(slots) + shift
    return bits


def decode(data: bytes | memoryview, shape: tuple[int, ...]) -> tuple[Levels, npt.NDArray[np.int64] | None]:
    """The points [prod(shape)] and the row steps of a stream; all of `data` must belong to it. Raises CorruptError."""
    count = prod(shape)
    bits = BitReader(data)
    model = StreamModel.read(bits, shape)
    sizes = segment_sizes(count)
    word_counts = [bits.gamma() for _ in sizes[:-1]]
    body = memoryview(data)[bits.finish() :]
    pieces = _split(body, len(sizes), model.lanes, word_counts)
    coder = lanes.Coder.of(model.tables, model.state_bits)
    axis_sum = model.context.axis_sum(shape)
    points = np.empty(count, np.int32)
    together = max(1, min(_BATCH_LANES // model.lanes, _BATCH_SEGMENTS))
    for first in range(0, len(sizes), together):
        batch = range(first, min(first + together, len(sizes)))
        ranges = [slice(i * SEGMENT_LEVELS, i * SEGMENT_LEVELS + sizes[i]) for i in batch]
        axis = _side_by_side([in_time(axis_sum[place], model.lanes) for place in ranges])
        lengths = np.concatenate([lane_lengths(sizes[i], model.lanes) for i in batch])
        states = np.concatenate([pieces[i][0] for i in batch])
        decoded = lanes.decode(states, [pieces[i][1] for i in batch], lengths, model.context, coder, axis)
        for number, place in enumerate(ranges):
            size = place.stop - place.start
            mine = decoded[: -(-size // model.lanes), number * model.lanes : (number + 1) * model.lanes]
            points[place] = mine.T.reshape(-1)[:size]
    return points, model.row_steps


def _side_by_side(parts: Sequence[npt.NDArray[np.int16]]) -> npt.NDArray[np.int16]:
    """Segments in time, the last of which may be shorter."""
    if len(parts) == 1:
        return parts[0]
    width = parts[0].shape[1]
    result = np.zeros((len(parts[0]), width * len(parts)), np.int16)
    for number, part in enumerate(parts):
        result[: len(part), number * width : (number + 1) * width] = part
    return result


def _split(
    body: memoryview, segments: int, lane_count: int, word_counts: Sequence[int]
) -> list[tuple[lanes.States, lanes.Words]]:
    """States and words of each segment; the last takes all that is left."""
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
