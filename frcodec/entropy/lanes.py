"""Interleaved rANS: many lanes, each with a state of its own, share one stream of 16-bit words.

    decode   slot = x mod 4096;  symbol = the one whose slots hold it;  x = f · ⌊x / 4096⌋ + slot - start
             k plain bits:  value = x mod 2^k;  x = ⌊x / 2^k⌋
             after each of these every lane with x < 2^16, in ascending order, takes a word: x = 2^16 · x + word
    encode   the same steps backwards, last level first

States lie in [2^16, 2^32). Encoding starts from 2^16 in every lane, so decoding must end there: a check for free.
Arrays are laid out in time, [steps, lanes]: one NumPy operation serves all lanes (spec section "Lanes").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..constants import FREQUENCY_BITS, MAX_LEVEL, MAX_NEIGHBOR_SUM, STATE_FLOOR, WORD_BITS, Code
from ..errors import CorruptError
from ..stages.trellis import next_states
from .contexts import ContextModel, Levels
from .tables import ESCAPE, TOTAL, Table, symbol_frequencies

States = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]

_SLOT_MASK = np.uint32(TOTAL - 1)
_BITS = np.uint32(FREQUENCY_BITS)
_FLOOR = np.uint32(STATE_FLOOR)
_WORD = np.uint32(WORD_BITS)
_LEVEL_PLACE = np.int32(24)


@dataclass(frozen=True, slots=True)
class Coder:
    """The tables of a stream, looked up by row: the context, and contexts + context in subset 1 of a trellis."""

    frequency: npt.NDArray[np.uint32]
    """[rows, 256] by symbol number, 0 where the table has no such symbol"""
    start: npt.NDArray[np.uint32]
    """[rows, 256] first slot of each symbol"""
    reach: npt.NDArray[np.int32]
    """[rows] largest magnitude with a symbol of its own"""
    shift: npt.NDArray[np.int32]
    """[rows] low bits that go past the table"""
    state_bits: int
    """of the trellis, 0 for none"""

    @staticmethod
    def of(tables: Sequence[Table], state_bits: int) -> Coder:
        """Look-up arrays of a stream's tables."""
        subsets = 2 if state_bits else 1
        frequency = np.stack([symbol_frequencies(table, subset) for subset in range(subsets) for table in tables])
        start = np.cumsum(frequency, axis=1, dtype=np.uint32) - frequency
        reach = np.count_nonzero(frequency[:, 1:ESCAPE:2], axis=1).astype(np.int32)
        shift = np.array([table.shift for table in tables] * subsets, np.int32)
        return Coder(frequency, start, reach, shift, state_bits)

    def slots(self) -> npt.NDArray[np.uint32]:
        """By 4096 · row + slot: level or -128 for the escape · 2^24 + (frequency - 1) · 2^12 + slot - start."""
        symbols = np.arange(ESCAPE + 1)
        values = np.where(symbols & 1, -(symbols + 1) // 2, symbols // 2).astype(np.int8)
        values[ESCAPE] = _ESCAPED
        entries = values.astype(np.uint8).astype(np.uint32)[None] << np.uint32(24)
        entries = entries | (self.frequency - np.uint32(1)) << _BITS
        counts = self.frequency.reshape(-1)
        slot = np.tile(np.arange(TOTAL, dtype=np.uint32), len(self.frequency))
        return np.repeat(entries.reshape(-1), counts) + slot - np.repeat(self.start.reshape(-1), counts)


_ESCAPED = -128


class _Source:
    """Lane states and the words of some segments of equal layout, side by side [segments · lanes]."""

    def __init__(self, states: States, words: Sequence[Words]) -> None:
        self.states = states
        self._words = np.concatenate([*words, np.zeros(1, np.uint16)])  # sentinel, never consumed
        self._ends = np.cumsum([len(w) for w in words])
        self._next = self._ends - [len(w) for w in words]
        self._borders = np.arange(len(words) + 1) * (len(states) // len(words))

    def refill(self, needs_refill: npt.NDArray[np.intp]) -> None:
        """Give a word to each of these lanes, ascending."""
        places = np.arange(len(needs_refill))
        if len(self._next) == 1:
            places += self._next[0]
            self._next[0] += len(needs_refill)
        else:
            edges = needs_refill.searchsorted(self._borders)  # where each segment's lanes begin among them
            counts = edges[1:] - edges[:-1]
            places += (self._next - edges[:-1]).repeat(counts)
            self._next += counts
        self.states[needs_refill] = self.states[needs_refill] << _WORD | self._words.take(places, mode="clip")

    def plain(self, lanes: npt.NDArray[np.intp], widths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Up to 16 plain bits from each of these lanes."""
        before = self.states[lanes].astype(np.int64)
        after = before >> widths
        self.states[lanes] = after
        self.refill(lanes[after < STATE_FLOOR])
        return before - (after << widths)

    def finish(self) -> None:
        """Check that all words are used and all lanes are back at the floor."""
        if (self._next != self._ends).any() or (self.states != _FLOOR).any():
            raise CorruptError(Code.BAD_STREAM, "A level stream does not end in its end state: its bytes are damaged.")


def decode(
    states: States,
    words: Sequence[Words],
    lengths: npt.NDArray[np.int64],
    model: ContextModel,
    coder: Coder,
    axis_sum: npt.NDArray[np.int16],
) -> Levels:
    """Points [steps, lanes] of one or more segments of equal layout that are decoded side by side.

    `lengths` are the levels of each lane, descending; `axis_sum` [steps, lanes] holds wp · p.
    Entries beyond a lane's length are 0. Raises CorruptError (bad_stream).
    """
    source = _Source(states, words)
    steps = int(lengths[0]) if len(lengths) else 0
    active_lanes = np.searchsorted(-lengths, -np.arange(steps), side="left")
    points = np.zeros((steps, len(lengths)), np.int32)
    backs = [back for back in model.backs if back < steps]
    ring = max(backs, default=0) + 1
    magnitudes = np.zeros((ring, len(lengths)), np.int32)  # saturated, of the last steps; zeros before the first
    packed = coder.slots()
    neighbor_term, first_slot = _context_tables(model, axis_sum)
    shift = coder.shift.astype(np.uint32) if coder.shift.any() else None
    following = next_states(coder.state_bits).astype(np.int32)
    trellis = np.zeros(len(lengths), np.int32)
    of_subset = np.int32(TOTAL * model.contexts)
    for step, active in enumerate(active_lanes.tolist()):
        weighted = axis_sum[step, :active]
        if model.wn and backs:
            t = magnitudes[(step - 1) % ring, :active]
            for back in backs[1:]:
                t = t + magnitudes[(step - back) % ring, :active]
            weighted = weighted + neighbor_term[t]
        index = first_slot[weighted]
        if coder.state_bits:
            subset = trellis[:active] & 1
            index = index + subset * of_subset
        x = source.states[:active]
        entry = packed[index + (x & _SLOT_MASK)]
        x >>= _BITS
        x *= (entry >> _BITS & _SLOT_MASK) + np.uint32(1)
        x += entry & _SLOT_MASK
        source.refill((x < _FLOOR).nonzero()[0])
        level = entry.view(np.int32) >> _LEVEL_PLACE
        if shift is not None or level.min() == _ESCAPED:
            level = _decode_rest(source, x, level, index >> FREQUENCY_BITS, coder.reach, shift)
            _check_levels(level.astype(np.int64) << int(coder.state_bits > 0))  # the point, or the one behind it
        if coder.state_bits:
            trellis[:active] = following[2 * trellis[:active] + (level & 1)]
            level = 2 * level - subset * np.sign(level)
        points[step, :active] = level
        np.minimum(np.abs(level), MAX_NEIGHBOR_SUM, out=magnitudes[step % ring, :active])
    source.finish()
    return points


def _context_tables(
    model: ContextModel, axis_sum: npt.NDArray[np.int16]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
    """wn · n by the sum of four saturated magnitudes; 4096 · context by wp · p + wn · n (from the end if negative)."""
    term = model.neighbor_term()
    lowest, highest = min(0, int(axis_sum.min(initial=0))), int(axis_sum.max(initial=0)) + int(term[-1])
    weighted = np.concatenate([np.arange(max(highest, 0) + 1), np.arange(lowest, 0)])
    saturated = np.pad(term, (0, 3 * MAX_NEIGHBOR_SUM), mode="edge")
    return saturated, model.clamped(weighted.astype(np.int32)) * TOTAL


def _decode_rest(
    source: _Source,
    x: States,
    level: Levels,
    rows: npt.NDArray[np.intp],
    reach: npt.NDArray[np.int32],
    shift: States | None,
) -> Levels:
    """The complete levels of one step: low bits where a table has a shift, and what stands behind an escape."""
    low = np.zeros(1, np.int64)
    width = np.zeros(1, np.uint32)
    if shift is not None:
        width = shift[rows]
        low = (x & ((np.uint32(1) << width) - np.uint32(1))).astype(np.int64)
        x >>= width
        source.refill((x < _FLOOR).nonzero()[0])
    high = level.astype(np.int64)
    escaped = (level == _ESCAPED).nonzero()[0]
    if len(escaped):
        high[escaped] = _decode_escapes(source, escaped, reach[rows[escaped]])
    values: npt.NDArray[np.int64] = (high << width) + low - ((np.int64(1) << width) >> 1)
    if len(escaped):
        _check_levels(values)
    return values.astype(np.int32)


def _decode_escapes(
    source: _Source, lanes: npt.NDArray[np.intp], reach: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """sign + 2 · k in 6 bits, then the k bits behind the leading one of |level| - reach, low 16 bits first."""
    head = source.plain(lanes, np.full(len(lanes), 6))
    size = head >> 1
    magnitude = (np.int64(1) << size) + source.plain(lanes, np.minimum(size, 16)) + reach
    if size.max() > 16:
        magnitude += source.plain(lanes, np.maximum(size - 16, 0)) << 16
    _check_levels(magnitude)
    return np.where(head & 1, -magnitude, magnitude)


def _check_levels(values: npt.NDArray[np.int64]) -> None:
    if np.abs(values).max(initial=0) > MAX_LEVEL:
        raise CorruptError(Code.BAD_STREAM, f"A level lies outside ±{MAX_LEVEL}.")


@dataclass(slots=True)
class _Operation:
    """One step of the decoder for some lanes, to be undone by the encoder: a symbol, or plain bits."""

    lanes: npt.NDArray[np.intp] | slice
    frequency: npt.NDArray[np.uint32] | None
    """of the symbol; None for plain bits"""
    start: npt.NDArray[np.uint32]
    """first slot of the symbol, or the plain bits' value"""
    widths: npt.NDArray[np.uint32] | None


def encode(
    levels: Levels, lengths: npt.NDArray[np.int64], rows: npt.NDArray[np.intp], coder: Coder
) -> tuple[States, Words]:
    """States and words from which `decode` finds these levels [steps, lanes] under these rows of the tables again."""
    steps, lanes = levels.shape
    shift = coder.shift[rows]
    half = (np.int64(1) << shift.astype(np.int64)) >> 1
    lifted = levels + half
    high = (lifted >> shift).astype(np.int32)
    low = (lifted - (high.astype(np.int64) << shift)).astype(np.uint32)
    magnitude = np.abs(high)
    escaped = magnitude > coder.reach[rows]
    symbol = np.where(escaped, ESCAPE, np.where(high > 0, 2 * high, 2 * magnitude - (high < 0)))
    frequency, start = coder.frequency[rows, symbol], coder.start[rows, symbol]
    rare_steps = set(np.flatnonzero((escaped | (shift > 0)).any(axis=1)).tolist())
    active_lanes = np.searchsorted(-lengths, -np.arange(steps), side="left")
    sink = _Sink(lanes)
    for step in range(steps - 1, -1, -1):
        active = slice(0, int(active_lanes[step]))
        operations = [_Operation(active, frequency[step, active], start[step, active], None)]
        if step in rare_steps:
            excess = magnitude[step, active] - coder.reach[rows[step, active]]
            operations += _plain_operations(
                shift[step, active], low[step, active], escaped[step, active], excess, high[step, active] < 0
            )
        for operation in reversed(operations):
            sink.undo(operation)
    return sink.finish()


def _plain_operations(
    shift: npt.NDArray[np.int32],
    low: npt.NDArray[np.uint32],
    escaped: Mask,
    excess: npt.NDArray[np.int32],
    negative: Mask,
) -> list[_Operation]:
    """What `_decode_rest` reads for one step, in its order."""
    operations = []
    shifted = np.flatnonzero(shift)
    if len(shifted):
        operations.append(_Operation(shifted, None, low[shifted], shift[shifted].astype(np.uint32)))
    lanes = np.flatnonzero(escaped)
    if len(lanes):
        value = excess[lanes].astype(np.int64)
        size = np.frexp(value.astype(np.float64))[1].astype(np.int64) - 1
        rest = value - (np.int64(1) << size)
        parts = (
            (2 * size + negative[lanes], np.full(len(lanes), 6)),
            (rest & 0xFFFF, np.minimum(size, 16)),
            (rest >> 16, np.maximum(size - 16, 0)),
        )
        operations += [_Operation(lanes, None, v.astype(np.uint32), w.astype(np.uint32)) for v, w in parts]
    return operations


class _Sink:
    """Lane states while encoding; words are collected in the reverse of reading order."""

    def __init__(self, lanes: int) -> None:
        self._states = np.full(lanes, STATE_FLOOR, np.uint32)
        self._words: list[Words] = []

    def undo(self, operation: _Operation) -> None:
        """Push words until the decoder's step leads back to the present states, then take that step backwards."""
        x = self._states[operation.lanes]
        if operation.frequency is not None:
            f = operation.frequency
            full = np.flatnonzero(x >> np.uint32(32 - FREQUENCY_BITS) >= f)
        else:
            assert operation.widths is not None
            full = np.flatnonzero((x.astype(np.uint64) << operation.widths.astype(np.uint64)) >> np.uint64(32))
        if len(full):
            overflowing = x[full]
            self._words.append(overflowing[::-1].astype(np.uint16))
            x[full] = overflowing >> _WORD
        if operation.frequency is not None:
            quotient = x // f
            x += quotient * (np.uint32(TOTAL) - f) + operation.start
        else:
            assert operation.widths is not None
            x = x << operation.widths | operation.start
        self._states[operation.lanes] = x

    def finish(self) -> tuple[States, Words]:
        """Initial states of the decoder and its words in reading order."""
        backwards = np.concatenate(self._words) if self._words else np.zeros(0, np.uint16)
        return self._states, np.ascontiguousarray(backwards[::-1])
