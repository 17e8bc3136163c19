"""The levels of lanes, decoded and encoded with rANS in the order of the specification (section "Segments").

Arrays are laid out in time, [iterations, lanes]: one NumPy operation serves a level of every lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..constants import FREQUENCY_BITS, MAX_LEVEL, Code
from ..errors import CorruptError
from ..stages.trellis import TrellisStates
from ..stages.trellis import points as points_of
from . import rans
from .contexts import CausalContexts, ContextModel, Levels
from .rans import Lanes, States, Words
from .tables import ESCAPE, TOTAL, Table, symbol_frequencies

_LEVEL_PLACE = np.int32(24)
_ESCAPED = -128
"""in place of a level in `Coder.slots`"""
_HEAD_BITS = 6
"""of an escape: sign + 2 · number of bits behind the leading one"""


@dataclass(frozen=True, slots=True)
class Coder:
    """The tables of a stream as arrays by row: the context, plus the number of contexts in subset 1 of a trellis."""

    frequency: npt.NDArray[np.uint32]
    """[rows, 256] by symbol number; 0 where a table lacks the symbol"""
    start: npt.NDArray[np.uint32]
    """[rows, 256] first slot of each symbol"""
    reach: npt.NDArray[np.int32]
    """[rows] largest magnitude with a symbol of its own"""
    shift: npt.NDArray[np.int32]
    """[rows] low bits of a level that are stored as raw bits"""
    state_bits: int
    """of the trellis; 0 without one"""

    @staticmethod
    def of(tables: Sequence[Table], state_bits: int) -> Coder:
        """The arrays of a stream's tables."""
        subsets = 2 if state_bits else 1
        frequency = np.stack([symbol_frequencies(table, subset) for subset in range(subsets) for table in tables])
        start = np.cumsum(frequency, axis=1, dtype=np.uint32) - frequency
        reach = np.count_nonzero(frequency[:, 1:ESCAPE:2], axis=1).astype(np.int32)
        shift = np.array([table.shift for table in tables] * subsets, np.int32)
        return Coder(frequency, start, reach, shift, state_bits)

    def slots(self) -> npt.NDArray[np.uint32]:
        """By 4096 · row + slot: (level, or -128 for the escape) · 2^24 + (frequency - 1) · 2^12 + slot - start."""
        symbols = np.arange(ESCAPE + 1)
        values = np.where(symbols & 1, -(symbols + 1) // 2, symbols // 2).astype(np.int8)
        values[ESCAPE] = _ESCAPED
        entries = values.astype(np.uint8).astype(np.uint32)[None] << np.uint32(_LEVEL_PLACE)
        entries = entries | (self.frequency - np.uint32(1)) << np.uint32(FREQUENCY_BITS)
        counts = self.frequency.reshape(-1)
        slot = np.tile(np.arange(TOTAL, dtype=np.uint32), len(self.frequency))
        return np.repeat(entries.reshape(-1), counts) + slot - np.repeat(self.start.reshape(-1), counts)


def decode(
    states: States,
    words: Sequence[Words],
    lengths: npt.NDArray[np.int64],
    model: ContextModel,
    coder: Coder,
    axis_sum: npt.NDArray[np.int16],
) -> Levels:
    """Points [iterations, lanes] of one or more segments of equal layout, side by side.

    `states` [lanes] and `words` are those of the segments, `lengths` [lanes] the levels of each lane, descending, and
    `axis_sum` [iterations, lanes] is wp · p. Points beyond a lane's length are 0. Raises CorruptError (bad_stream).
    """
    points = np.zeros((int(lengths.max(initial=0)), len(lengths)), np.int32)
    contexts = CausalContexts(model, axis_sum, stride=TOTAL)
    trellis = TrellisStates(coder.state_bits, len(lengths))
    reader = _LevelReader(rans.Decoder(states, words), coder)
    subset_stride = np.int32(TOTAL * model.contexts)
    for iteration, active in enumerate(_active_lanes(lengths)):
        first_slots = contexts.next(active)
        if coder.state_bits:
            subsets = trellis.subsets(active)
            levels = reader.read(first_slots + subsets * subset_stride)
            trellis.advance(levels)
            points[iteration, :active] = points_of(levels, subsets)
        else:
            points[iteration, :active] = reader.read(first_slots)
        contexts.append(points[iteration, :active])
    reader.source.finish()
    return points


def _active_lanes(lengths: npt.NDArray[np.int64]) -> list[int]:
    """Number of lanes that have a level in each iteration; they are the first ones, as lengths descend."""
    active: list[int] = np.searchsorted(-lengths, -np.arange(lengths.max(initial=0)), side="left").tolist()
    return active


class _LevelReader:
    """Reads a level of each lane at a time: its symbol, then low bits and what stands behind an escape."""

    def __init__(self, source: rans.Decoder, coder: Coder) -> None:
        self.source = source
        self._slots, self._reach, self._shift = coder.slots(), coder.reach, coder.shift.astype(np.uint32)
        self._shifted = bool(coder.shift.any())
        self._largest = MAX_LEVEL >> 1 if coder.state_bits else MAX_LEVEL  # of the point, or the next one

    def read(self, first_slots: npt.NDArray[np.intp]) -> Levels:
        """The next levels of the first lanes, whose tables begin at these slots [active]."""
        entries = self.source.symbols(self._slots, first_slots)
        levels: Levels = entries.view(np.int32) >> _LEVEL_PLACE
        if self._shifted or levels.min() == _ESCAPED:
            levels = self._complete(levels, first_slots >> FREQUENCY_BITS)
        return levels

    def _complete(self, levels: Levels, rows: npt.NDArray[np.intp]) -> Levels:
        """The complete levels, where symbols stand only for their high bits or are escapes."""
        low, width = np.zeros(1, np.uint32), np.zeros(1, np.uint32)
        if self._shifted:
            width = self._shift[rows]
            low = self.source.low_bits(width)
        values = levels.astype(np.int64)
        escaped = (levels == _ESCAPED).nonzero()[0]
        if len(escaped):
            values[escaped] = self._escapes(escaped, self._reach[rows[escaped]])
        values = (values << width) + low - ((np.int64(1) << width) >> 1)
        _check(values, self._largest)
        return values.astype(np.int32)

    def _escapes(self, lanes: Lanes, reach: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Levels behind escapes: a head, then the bits behind the leading one of |level| - reach, low 16 bits first."""
        head = self.source.bits(lanes, np.full(len(lanes), _HEAD_BITS))
        size = head >> 1
        magnitude = (np.int64(1) << size) + self.source.bits(lanes, np.minimum(size, 16)) + reach
        if size.max() > 16:
            magnitude += self.source.bits(lanes, np.maximum(size - 16, 0)) << 16
        _check(magnitude, MAX_LEVEL)
        return np.where(head & 1, -magnitude, magnitude)


def _check(values: npt.NDArray[np.int64], largest: int) -> None:
    if np.abs(values).max(initial=0) > largest:
        raise CorruptError(Code.BAD_STREAM, f"A level lies outside ±{largest}.")


def encode(
    levels: Levels, lengths: npt.NDArray[np.int64], rows: npt.NDArray[np.intp], coder: Coder
) -> tuple[States, Words]:
    """States [lanes] and words of one segment of levels [iterations, lanes], each under a row of the tables."""
    shift = coder.shift[rows]
    half = (np.int64(1) << shift.astype(np.int64)) >> 1
    lifted = levels + half
    high = (lifted >> shift).astype(np.int32)
    low = (lifted - (high.astype(np.int64) << shift)).astype(np.uint32)
    magnitude = np.abs(high)
    excess = magnitude - coder.reach[rows]
    escaped = excess > 0
    symbol = np.where(escaped, ESCAPE, np.where(high > 0, 2 * high, 2 * magnitude - (high < 0)))
    frequency, start = coder.frequency[rows, symbol], coder.start[rows, symbol]
    incomplete = set(np.flatnonzero((escaped | (shift > 0)).any(axis=1)).tolist())
    sink = rans.Encoder(levels.shape[1])
    for iteration, active in reversed(list(enumerate(_active_lanes(lengths)))):
        here = iteration, slice(0, active)
        if iteration in incomplete:
            escapes = _escape_bits(np.flatnonzero(escaped[here]), excess[here], high[here] < 0)
            for operation in reversed([_low_bits(shift[here], low[here]), *escapes]):
                sink.bits(*operation)
        sink.symbols(frequency[here], start[here])
    return sink.finish()


_RawBits = tuple[Lanes, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
"""lanes, values and widths"""


def _low_bits(shift: npt.NDArray[np.int32], low: npt.NDArray[np.uint32]) -> _RawBits:
    lanes = np.flatnonzero(shift)
    return lanes, low[lanes], shift[lanes].astype(np.uint32)


def _escape_bits(lanes: Lanes, excess: npt.NDArray[np.int32], negative: npt.NDArray[np.bool_]) -> list[_RawBits]:
    """What `_LevelReader._escapes` reads, in its order."""
    value = excess[lanes].astype(np.int64)
    size = np.frexp(value.astype(np.float64))[1].astype(np.int64) - 1
    rest = value - (np.int64(1) << size)
    parts = (
        (2 * size + negative[lanes], np.full(len(lanes), _HEAD_BITS)),
        (rest & 0xFFFF, np.minimum(size, 16)),
        (rest >> 16, np.maximum(size - 16, 0)),
    )
    return [(lanes, values.astype(np.uint32), widths.astype(np.uint32)) for values, widths in parts]
