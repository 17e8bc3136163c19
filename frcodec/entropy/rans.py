"""Interleaved rANS: lanes, each with a state x, share one stream of 16-bit words (spec section "Segments").

    symbol       slot = x mod 4096;  the symbol is the one that owns the slot;  x = f · ⌊x / 4096⌋ + slot - start
    k raw bits   value = x mod 2^k;  x = ⌊x / 2^k⌋
    refill       after each of these, every lane with x < 2^16, in ascending order, takes a word: x = 2^16 · x + word

States lie in [2^16, 2^32). Encoding does the same operations backwards, last level first, and starts from 2^16 in
every lane; decoding must end there, which is a free integrity check.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..constants import FREQUENCY_BITS, STATE_FLOOR, WORD_BITS, Code
from ..errors import CorruptError

States = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint16]
Lanes = npt.NDArray[np.intp]
"""numbers of lanes, ascending"""

_SLOT_MASK = np.uint32((1 << FREQUENCY_BITS) - 1)
_FREQUENCY_BITS = np.uint32(FREQUENCY_BITS)
_FLOOR = np.uint32(STATE_FLOOR)
_WORD_BITS = np.uint32(WORD_BITS)


class Decoder:
    """Lane states and words of one or more segments of equal layout, side by side [segments · lanes].

    Reads beyond the words of a segment return other words; `finish` detects them.
    """

    def __init__(self, states: States, words: Sequence[Words]) -> None:
        self.states = states
        self._words = np.concatenate([*words, np.zeros(1, np.uint16)])  # sentinel, never consumed
        self._ends = np.cumsum([len(w) for w in words])
        self._next = self._ends - [len(w) for w in words]
        self._borders = np.arange(len(words) + 1) * (len(states) // len(words))

    def symbols(self, slots: npt.NDArray[np.uint32], first: npt.NDArray[np.intp]) -> npt.NDArray[np.uint32]:
        """The entries of `slots` for the next symbol of the first lanes, whose tables begin at `first` [active].

        The low 24 bits of an entry are (frequency - 1) · 2^12 + slot - start.
        """
        x = self.states[: len(first)]
        entries: npt.NDArray[np.uint32] = slots[first + (x & _SLOT_MASK)]
        x >>= _FREQUENCY_BITS
        x *= (entries >> _FREQUENCY_BITS & _SLOT_MASK) + np.uint32(1)
        x += entries & _SLOT_MASK
        self._refill((x < _FLOOR).nonzero()[0])
        return entries

    def low_bits(self, widths: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The next 0 … 16 raw bits of each of the first lanes [active]; `bits` for all of them, but faster."""
        x = self.states[: len(widths)]
        values: npt.NDArray[np.uint32] = x & ((np.uint32(1) << widths) - np.uint32(1))
        x >>= widths
        self._refill((x < _FLOOR).nonzero()[0])
        return values

    def bits(self, lanes: Lanes, widths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The next 0 … 16 raw bits of each of these lanes."""
        before = self.states[lanes].astype(np.int64)
        after = before >> widths
        self.states[lanes] = after
        self._refill(lanes[after < STATE_FLOOR])
        return before - (after << widths)

    def _refill(self, needs_refill: Lanes) -> None:
        places = np.arange(len(needs_refill))
        if len(self._next) == 1:
            places += self._next[0]
            self._next[0] += len(needs_refill)
        else:
            edges = needs_refill.searchsorted(self._borders)  # where the lanes of each segment begin
            counts = edges[1:] - edges[:-1]
            places += (self._next - edges[:-1]).repeat(counts)
            self._next += counts
        self.states[needs_refill] = self.states[needs_refill] << _WORD_BITS | self._words.take(places, mode="clip")

    def finish(self) -> None:
        """Check that all words are consumed and all states are 2^16. Raises CorruptError (bad_stream)."""
        if (self._next != self._ends).any() or (self.states != _FLOOR).any():
            raise CorruptError(Code.BAD_STREAM, "A level stream does not end in its end state: its bytes are damaged.")


class Encoder:
    """Lane states of one segment while encoding: each call undoes the decoder's call of the same name."""

    def __init__(self, lanes: int) -> None:
        self._states = np.full(lanes, STATE_FLOOR, np.uint32)
        self._words: list[Words] = []

    def symbols(self, frequency: npt.NDArray[np.uint32], start: npt.NDArray[np.uint32]) -> None:
        """Push a symbol in each of the first lanes [active]."""
        x = self._states[: len(frequency)]
        self._emit(x, np.flatnonzero(x >> np.uint32(32 - FREQUENCY_BITS) >= frequency))
        quotient = x // frequency
        x += quotient * (np.uint32(1 << FREQUENCY_BITS) - frequency) + start

    def bits(self, lanes: Lanes, values: npt.NDArray[np.uint32], widths: npt.NDArray[np.uint32]) -> None:
        """Push 0 … 16 raw bits in each of these lanes."""
        x = self._states[lanes]
        self._emit(x, np.flatnonzero((x.astype(np.uint64) << widths.astype(np.uint64)) >> np.uint64(32)))
        self._states[lanes] = x << widths | values

    def _emit(self, x: States, full: Lanes) -> None:
        """Move the low word of the states that would overflow to the stream."""
        if len(full):
            overflowing = x[full]
            self._words.append(overflowing[::-1].astype(np.uint16))
            x[full] = overflowing >> _WORD_BITS

    def finish(self) -> tuple[States, Words]:
        """The decoder's initial states [lanes], and its words in reading order."""
        backwards = np.concatenate(self._words) if self._words else np.zeros(0, np.uint16)
        return self._states, np.ascontiguousarray(backwards[::-1])
