"""One stream of levels as bytes: header, then segments (spec section "Level streams").

    header bits    lanes, context model, tables, words of every segment but the last
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

from ..constants import FREQUENCY_BITS, MAX_DIRECT, MAX_LANES_LOG2, SEGMENT_LEVELS, STATE_FLOOR, Code
from ..errors import CorruptError
from . import lanes
from .bits import BitReader, BitWriter
from .contexts import ContextModel, Levels, neighbor_sums
from .tables import Table

_Integer = TypeVar("_Integer", np.int16, np.int32)
_BATCH_LANES = 4096
"""lanes that one NumPy call serves at most when segments are decoded side by side"""
_BATCH_SEGMENTS = 8
"""segments decoded side by side at most: what bounds the memory"""


@dataclass(frozen=True, slots=True)
class StreamModel:
    """All that a stream says before its first level."""

    lanes_log2: int
    """0 … 12"""
    context: ContextModel
    tables: tuple[Table, ...]
    """one a context"""

    @property
    def lanes(self) -> int:
        """Lanes of every segment."""
        return 1 << self.lanes_log2

    def write(self, bits: BitWriter) -> None:
        """Header bits up to the segments' sizes."""
        bits.gamma(self.lanes_log2)
        self.context.write(bits)
        before = None
        for table in self.tables:
            table.write(bits, before)
            before = table

    @staticmethod
    def read(bits: BitReader, shape: tuple[int, ...]) -> StreamModel:
        """Inverse of `write` for levels of this kept shape."""
        lanes_log2 = bits.gamma()
        if lanes_log2 > MAX_LANES_LOG2:
            raise CorruptError(
                Code.BAD_STREAM, f"A stream has 2^{lanes_log2} lanes; at most 2^{MAX_LANES_LOG2} are allowed."
            )
        context = ContextModel.read(bits, shape)
        tables: list[Table] = []
        for _ in range(context.contexts):
            tables.append(Table.read(bits, tables[-1] if tables else None))
        return StreamModel(lanes_log2, context, tuple(tables))


def segment_sizes(count: int) -> list[int]:
    """Levels of each segment."""
    full, rest = divmod(count, SEGMENT_LEVELS)
    return [SEGMENT_LEVELS] * full + [rest] * (rest > 0)


def lane_lengths(size: int, lane_count: int) -> npt.NDArray[np.int64]:
    """Levels of each lane of a segment, descending."""
    chunk = -(-size // lane_count)
    return np.clip(size - chunk * np.arange(lane_count), 0, chunk)


def in_time(flat: npt.NDArray[_Integer], lane_count: int) -> npt.NDArray[_Integer]:
    """Values of one segment [size] laid out in time [steps, lanes], zero beyond a lane's end."""
    chunk = -(-len(flat) // lane_count)
    padded = np.zeros(chunk * lane_count, flat.dtype)
    padded[: len(flat)] = flat
    return np.ascontiguousarray(padded.reshape(lane_count, chunk).T)


def encode(levels: Levels, shape: tuple[int, ...], model: StreamModel) -> bytes:
    """The stream of these levels [prod(shape)] under a model."""
    axis_sum = model.context.axis_sum(shape)
    coder = lanes.Coder.of(model.tables)
    parts: list[bytes] = []
    word_counts: list[int] = []
    start = 0
    for size in segment_sizes(len(levels)):
        mine = in_time(levels[start : start + size], model.lanes)
        axis = in_time(axis_sum[start : start + size], model.lanes)
        contexts = contexts_in_time(mine, axis, model.context)
        states, words = lanes.encode(mine, lane_lengths(size, model.lanes), contexts, coder)
        parts += [states.astype("<u4").tobytes(), words.astype("<u2").tobytes()]
        word_counts.append(len(words))
        start += size
    bits = BitWriter()
    model.write(bits)
    for count in word_counts[:-1]:
        bits.gamma(count)
    return bits.getvalue() + b"".join(parts)


def contexts_in_time(levels: Levels, axis_sum: npt.NDArray[np.int16], model: ContextModel) -> npt.NDArray[np.intp]:
    """Contexts of one segment's levels [steps, lanes]."""
    weighted = model.neighbor_term()[neighbor_sums(levels, model.backs)] if model.wn else np.zeros_like(levels)
    return model.clamped(weighted + axis_sum)


def contexts_by_level(levels: Levels, shape: tuple[int, ...], model: StreamModel) -> npt.NDArray[np.intp]:
    """Contexts of all levels [prod(shape)] in the lanes they are coded in."""
    axis_sum = model.context.axis_sum(shape)
    result = np.empty(levels.size, np.intp)
    start = 0
    for size in segment_sizes(levels.size):
        part = slice(start, start + size)
        mine = in_time(levels[part], model.lanes)
        contexts = contexts_in_time(mine, in_time(axis_sum[part], model.lanes), model.context)
        result[part] = contexts.T.reshape(-1)[:size]
        start += size
    return result


def magnitude_bits(model: StreamModel) -> npt.NDArray[np.float64]:
    """Cost in bits of the magnitudes 0 … 127 under each context [contexts, 128], sign included."""
    frequency = lanes.Coder.of(model.tables).frequency
    shift = np.array([table.shift for table in model.tables])[:, None]
    magnitudes = np.arange(MAX_DIRECT + 1)[None] + (1 << shift >> 1) >> shift
    symbols = np.where(magnitudes > 0, 2 * magnitudes, 0)
    slots = np.maximum(np.take_along_axis(frequency, symbols, axis=1), 2.0**-4)
    bits: npt.NDArray[np.float64] = FREQUENCY_BITS - np.log2(slots) + shift
    return bits


def decode(data: bytes | memoryview, shape: tuple[int, ...]) -> Levels:
    """The levels [prod(shape)] of a stream; all of `data` must belong to it. Raises CorruptError."""
    count = prod(shape)
    bits = BitReader(data)
    model = StreamModel.read(bits, shape)
    sizes = segment_sizes(count)
    word_counts = [bits.gamma() for _ in sizes[:-1]]
    body = memoryview(data)[bits.finish() :]
    pieces = _split(body, len(sizes), model.lanes, word_counts)
    coder = lanes.Coder.of(model.tables)
    axis_sum = model.context.axis_sum(shape)
    levels = np.empty(count, np.int32)
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
            levels[place] = mine.T.reshape(-1)[:size]
    return levels


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
