"""The context of a level: what the decoder knows of its scale (spec section "Contexts").

    t = |level 1 back| + |2 back| + |1 row back| + |2 rows back|, at most 32767; within the lane, 0 where there is none
    n = half-octave class of t:  0 for 0, else 1 + ⌊2 · log2 t⌋
    p = sum over the axes of the kept region of that axis' class at the level's position
    context = clamp(⌊(wp · p + wn · n) / 4⌋ - base, 0, contexts - 1)

p is what the encoder says beforehand, n what the levels before show; both are half octaves of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt

from ..constants import CONTEXT_WEIGHT_BITS, MAX_CONTEXTS, MAX_NEIGHBOR_SUM, MAX_ROW_LENGTH, Code
from ..errors import CorruptError
from .bits import BitReader, BitWriter, fold, unfold

Levels = npt.NDArray[np.int32]


def _neighbor_classes() -> npt.NDArray[np.int16]:
    """n of every t in 0 … 32767."""
    t = np.arange(MAX_NEIGHBOR_SUM + 1, dtype=np.int64)
    octave = np.zeros_like(t)
    for k in range(1, MAX_NEIGHBOR_SUM.bit_length()):
        octave += t >= 1 << k
    half = t * t >= 1 << (2 * octave + 1)
    return np.where(t == 0, 0, 1 + 2 * octave + half).astype(np.int16)


NEIGHBOR_CLASS = _neighbor_classes()


@dataclass(frozen=True, slots=True)
class ContextModel:
    """How the contexts of one stream are computed."""

    row_length: int
    """levels of a row, 1 … 65536"""
    contexts: int
    """1 … 64"""
    wp: int = 0
    """weight of the axis classes, 0 … 7"""
    wn: int = 0
    """weight of the neighbours, 0 … 7"""
    base: int = 0
    """what is subtracted before clamping"""
    axis_classes: tuple[npt.NDArray[np.int64] | None, ...] = field(default=())
    """one array a kept axis, None for an axis without classes; () where wp is 0"""

    @property
    def backs(self) -> tuple[int, int, int, int]:
        """How many levels back in the lane the four neighbours are; equal ones count twice."""
        return 1, 2, self.row_length, 2 * self.row_length

    def axis_sum(self, shape: tuple[int, ...]) -> npt.NDArray[np.int16]:
        """wp · p of every level [prod(shape)]; at most 7 · 128 · 32 in magnitude."""
        if self.wp == 0:
            return np.zeros(prod(shape), np.int16)
        views = [
            classes.astype(np.int16).reshape([-1 if a == axis else 1 for a in range(len(shape))])
            for axis, classes in enumerate(self.axis_classes)
            if classes is not None
        ]
        total = reduce(np.add, views, np.zeros([1] * len(shape), np.int16)) * np.int16(self.wp)
        everywhere: npt.NDArray[np.int16] = np.broadcast_to(total, shape)
        return np.ascontiguousarray(everywhere).reshape(-1)

    def neighbor_term(self) -> npt.NDArray[np.int32]:
        """wn · n by t [32768]."""
        return NEIGHBOR_CLASS.astype(np.int32) * np.int32(self.wn)

    def clamped(self, weighted: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        """Contexts from wp · p + wn · n."""
        clamped: npt.NDArray[np.int32] = np.clip((weighted >> 2) - self.base, 0, self.contexts - 1)
        return clamped.astype(np.intp)

    def write(self, bits: BitWriter) -> None:
        """Fields 2 to 7 of the header bits."""
        bits.gamma(self.row_length - 1)
        bits.gamma(self.contexts - 1)
        bits.field(self.wp, CONTEXT_WEIGHT_BITS)
        bits.field(self.wn, CONTEXT_WEIGHT_BITS)
        bits.gamma(fold(self.base))
        for classes in self.axis_classes:
            bits.unary(int(classes is not None))
            for value in classes.tolist() if classes is not None else ():
                bits.unary(fold(value))

    @staticmethod
    def read(bits: BitReader, shape: tuple[int, ...]) -> ContextModel:
        """Inverse of `write` for levels of this kept shape."""
        row_length, contexts = bits.gamma() + 1, bits.gamma() + 1
        wp, wn = bits.field(CONTEXT_WEIGHT_BITS), bits.field(CONTEXT_WEIGHT_BITS)
        base = unfold(bits.gamma())
        if row_length > MAX_ROW_LENGTH or contexts > MAX_CONTEXTS or abs(base) > 1 << 16:
            raise CorruptError(
                Code.BAD_STREAM,
                f"A stream has rows of {row_length} levels, {contexts} contexts and base {base}; "
                f"at most {MAX_ROW_LENGTH}, {MAX_CONTEXTS} and ±65536 are allowed.",
            )
        classes = tuple(_read_classes(bits, length) for length in shape) if wp else ()
        return ContextModel(row_length, contexts, wp, wn, base, classes)


def _read_classes(bits: BitReader, length: int) -> npt.NDArray[np.int64] | None:
    present = bits.unary()
    if present > 1:
        raise CorruptError(Code.BAD_STREAM, "An axis of a stream header is neither with nor without classes.")
    if not present:
        return None
    folded = bits.unaries(length)
    if length and int(folded.max()) > 255:
        raise CorruptError(Code.BAD_STREAM, "A scale class in a stream header lies outside -128 … 127.")
    return np.where(folded & 1, -(folded + 1) // 2, folded // 2)


def neighbor_sums(levels: Levels, backs: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """t of every level of lanes laid out in time [steps, lanes]: what `lanes.decode` computes step by step."""
    magnitudes = np.minimum(np.abs(levels), MAX_NEIGHBOR_SUM)
    total = np.zeros(magnitudes.shape, np.int32)
    for back in backs:
        if back < len(magnitudes):
            total[back:] += magnitudes[:-back]
    return np.minimum(total, MAX_NEIGHBOR_SUM, out=total)
