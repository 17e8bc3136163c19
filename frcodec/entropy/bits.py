"""Bit strings of stream headers: the first bit is the lowest bit of the first byte (spec section "Header bits").

field(n)   n bits, least significant first
unary(v)   v ones, one zero
gamma(v)   v + 1 = 1b…b in binary with k bits after the leading one: unary(k), field(k) of those bits
signed     v >= 0 -> 2v, v < 0 -> -2v - 1, then as above
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import CorruptError

Bits = npt.NDArray[np.uint8]
MAX_GAMMA_BITS = 32


def fold(value: int) -> int:
    """Signed to unsigned: 0, -1, 1, -2, 2 to 0, 1, 2, 3, 4, and so on."""
    return 2 * value if value >= 0 else -2 * value - 1


def unfold(value: int) -> int:
    """Inverse of `fold`."""
    return -(value + 1) // 2 if value & 1 else value // 2


class BitWriter:
    """Collects bits; `getvalue` pads the last byte with zeros."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def field(self, value: int, width: int) -> None:
        """`width` bits of a value in 0 … 2^width - 1."""
        assert 0 <= value < 1 << width
        self._bits += [value >> bit & 1 for bit in range(width)]

    def unary(self, value: int) -> None:
        """A value ≥ 0 in value + 1 bits."""
        self._bits += [1] * value + [0]

    def gamma(self, value: int) -> None:
        """A value in 0 … 2^33 - 2."""
        width = (value + 1).bit_length() - 1
        self.unary(width)
        self.field(value + 1 - (1 << width), width)

    def getvalue(self) -> bytes:
        """The bits so far as bytes."""
        return np.packbits(np.array(self._bits, np.uint8), bitorder="little").tobytes()


class BitReader:
    """Inverse of `BitWriter`. Every method raises CorruptError (bad_stream) if the bytes end too early."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = np.frombuffer(data, np.uint8)
        self._bits: Bits = np.zeros(0, np.uint8)
        self._at = 0

    def field(self, width: int) -> int:
        """`width` bits, 0 … 2^width - 1."""
        bits = self._take(width)
        return sum(int(bit) << place for place, bit in enumerate(bits))

    def unary(self) -> int:
        """A value ≥ 0."""
        return int(self.unaries(1)[0])

    def gamma(self) -> int:
        """A value in 0 … 2^33 - 2."""
        width = self.unary()
        if width > MAX_GAMMA_BITS:
            raise CorruptError(
                Code.BAD_STREAM, f"A number in a stream header has {width} bits; at most 32 are allowed."
            )
        return (1 << width) - 1 + self.field(width)

    def unaries(self, count: int) -> npt.NDArray[np.int64]:
        """`count` unary values [count]."""
        window = 8 * count + 64
        while True:  # the zeros that end the values are usually close
            self._unpack(self._at + window)
            rest = self._bits[self._at : self._at + window]
            ends = np.flatnonzero(rest == 0)[:count]
            if len(ends) == count or len(rest) < window:
                break
            window *= 8
        if len(ends) < count:
            raise self._short()
        self._at += int(ends[-1]) + 1 if count else 0
        return np.diff(ends, prepend=-1) - 1

    def signed_bytes(self, count: int) -> npt.NDArray[np.int64]:
        """`count` signed unary values in -128 … 127 [count]."""
        folded = self.unaries(count)
        if count and int(folded.max()) > 255:
            raise CorruptError(Code.BAD_STREAM, "A class or row step in a stream header lies outside -128 … 127.")
        return np.where(folded & 1, -(folded + 1) // 2, folded // 2)

    def finish(self) -> int:
        """Number of bytes read, after checking that the padding is zero. Raises CorruptError (reserved_bits)."""
        end = -(-self._at // 8)
        self._unpack(8 * end)
        if self._bits[self._at : 8 * end].any():
            raise CorruptError(Code.RESERVED_BITS, "The padding of a stream header is not zero.")
        return end

    def _unpack(self, upto: int) -> None:
        """Unpack at least this many bits if there are so many, but not all: a header is a small part of its stream."""
        if upto > len(self._bits) < 8 * len(self._data):
            data = self._data[: max(2 * upto // 8 + 1, 1024)]
            self._bits = np.unpackbits(data, bitorder="little")

    def _take(self, width: int) -> Bits:
        self._unpack(self._at + width)
        if self._at + width > len(self._bits):
            raise self._short()
        self._at += width
        return self._bits[self._at - width : self._at]

    @staticmethod
    def _short() -> CorruptError:
        return CorruptError(Code.BAD_STREAM, "A stream ends inside its header.")
