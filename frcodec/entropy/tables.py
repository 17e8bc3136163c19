"""Frequency tables from a few small parameters, by integer arithmetic only (spec section "Tables").

    zero      share of level 0:   f(0) = 4096 · o / (1 + o),  o = 2^((zero - 24) / 4)
    scale     width of the rest:  a = 2^((scale - 4) / 4), in half levels
    exponent  shape of the rest:   f(±k) ∝ 2^-(((2k - u) / a)^β),  β = (exponent + 1) / 2:  1 Laplace, 2 Gauss

u is the subset of a level, 0 without a trellis. Both subsets share scale and exponent; each has its own zero.

With a scale above 20, level = high · 2^shift + low: `high` in the table of scale - 4 · shift, `low` as raw bits.
Magnitudes without a symbol of their own follow the escape symbol as raw bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from ..constants import (
    EXP2,
    FREQUENCY_BITS,
    MAX_DIRECT,
    SCALE_BITS,
    SCALE_CAP,
    SCALE_ORIGIN,
    SHAPE_BITS,
    TAIL_TERMS,
    ZERO_BITS,
    ZERO_CENTER,
    Code,
)
from ..errors import CorruptError
from .bits import BitReader, BitWriter, fold, unfold

TOTAL: Final = 1 << FREQUENCY_BITS
ESCAPE: Final = 2 * MAX_DIRECT + 1
"""symbol number of the escape; the others are folded levels, 0, -1, 1, -2, 2 …"""
ZEROS, SCALES, SHAPES = 1 << ZERO_BITS, 1 << SCALE_BITS, 1 << SHAPE_BITS


@dataclass(frozen=True, slots=True)
class Table:
    """Parameters of the frequency tables of one context."""

    zero: int
    """of subset 0; 0 … 63"""
    scale: int
    """0 … 63"""
    exponent: int
    """0 … 3"""
    gap: int = 0
    """added to `zero` in subset 1, modulo 64; 0 without a trellis"""

    @property
    def shift(self) -> int:
        """Number of low bits of a level that are stored as raw bits."""
        return max(0, (self.scale - SCALE_CAP + 3) // 4)

    def write(self, bits: BitWriter, before: Table | None, subsets: int) -> None:
        """Write the parameters: of the first table as they are, then as differences to the table before."""
        parameters = (self.zero, *(self.gap,) * (subsets - 1), self.scale, self.exponent)
        if before is None:
            for value, width in zip(parameters, _widths(subsets), strict=True):
                bits.field(value, width)
            return
        previous = (before.zero, *(before.gap,) * (subsets - 1), before.scale, before.exponent)
        for value, before_value in zip(parameters, previous, strict=True):
            bits.unary(fold(value - before_value))

    @staticmethod
    def read(bits: BitReader, before: Table | None, subsets: int) -> Table:
        """Inverse of `write`; each parameter wraps around at its size. Raises CorruptError (bad_stream)."""
        if before is None:
            zero, *gap, scale, exponent = (bits.field(width) for width in _widths(subsets))
            return Table(zero, scale, exponent, *gap)
        differences = bits.unaries(2 + subsets).tolist()
        if max(differences) > 2 * ZEROS - 2:
            raise CorruptError(
                Code.BAD_STREAM, "A table in a stream header differs by more than 63 from the one before."
            )
        zero, *gap, scale, exponent = (unfold(difference) for difference in differences)
        return Table(
            (before.zero + zero) % ZEROS,
            (before.scale + scale) % SCALES,
            (before.exponent + exponent) % SHAPES,
            *((before.gap + each) % ZEROS for each in gap),
        )


def _widths(subsets: int) -> tuple[int, ...]:
    return (ZERO_BITS, *(ZERO_BITS,) * (subsets - 1), SCALE_BITS, SHAPE_BITS)


def exp2(exponent: int) -> int:
    """2^(-exponent / 64) with 16 fractional bits: a rounded table entry, shifted right."""
    return EXP2[exponent & 63] >> (exponent >> 6)


def zero_frequency(zero: int) -> int:
    """f(0), 63 … 4091 of 4096."""
    odds = exp2(abs(zero - ZERO_CENTER) * 16)
    minority = (TOTAL * odds + (odds + 65536) // 2) // (odds + 65536)
    return minority if zero < ZERO_CENTER else TOTAL - minority


@lru_cache(maxsize=8 * SCALES)
def tail_weights(scale: int, exponent: int, subset: int) -> tuple[int, ...]:
    """Weights of the magnitudes 1 … 1023 relative to the first, with 16 fractional bits; scale ≤ 20."""
    beta2 = exponent + 1
    # c = a^-β = 2^(-8 · beta2 · (scale - 4) / 64) with 26 fractional bits
    log2 = 8 * beta2 * (scale - SCALE_ORIGIN) + 256
    c = (EXP2[log2 & 63] << 14) >> (log2 >> 6)
    energies = [isqrt((2 * k - subset) ** beta2 << 16) * c >> 28 for k in range(1, TAIL_TERMS + 1)]
    return tuple(EXP2[e & 63] >> min(e >> 6, 17) for e in (energy - energies[0] for energy in energies))


@lru_cache(maxsize=1024)
def frequencies(table: Table, subset: int) -> tuple[tuple[int, ...], int]:
    """(f(0), f(1), … f(R)), where f(1) … f(R) are for each sign, and the frequency of the escape.

    f(0) + 2 · (f(1) + … + f(R)) + escape = 4096; all are at least 1; R is in 0 … 127.
    """
    weights = tail_weights(table.scale - 4 * table.shift, table.exponent, subset)
    zero = zero_frequency((table.zero + subset * table.gap) % ZEROS)
    rest, total = TOTAL - zero, sum(weights)
    direct, below, running = [zero], 0, 0
    for weight in weights[:MAX_DIRECT]:
        running += weight
        upto = running * (rest - 1) // (2 * total)  # rounding the cumulative sum leaves no rest to the escape
        if upto == below:
            break
        direct.append(upto - below)
        below = upto
    return tuple(direct), rest - 2 * below


def symbol_frequencies(table: Table, subset: int) -> npt.NDArray[np.uint32]:
    """Frequencies by symbol number [256]: folded levels 0 … 2·127, then the escape; 0 where there is no symbol."""
    direct, escape = frequencies(table, subset)
    result = np.zeros(ESCAPE + 1, np.uint32)
    result[0] = direct[0]
    result[1 : 2 * len(direct) - 1] = np.repeat(np.array(direct[1:], np.uint32), 2)
    result[ESCAPE] = escape
    return result
