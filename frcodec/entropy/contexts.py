"""The context of a level: what the decoder knows about its scale beforehand (spec section "Contexts").

    t = |point 1 back| + |2 back| + |1 row back| + |2 rows back|, at most 32767; within the lane, 0 where there is none
    n = quarter-octave class of t:  0 for 0, else 1 + ⌊4 · log2 t⌋
    p = sum over the axes of the kept region of that axis' class at the level's position, within ±2047
    context = clamp(⌊(wp · p + wn · n) / 8⌋ - base, 0, contexts - 1)

p is side information, n comes from the levels before; both are in quarter octaves of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt

from ..constants import (
    CONTEXT_SHIFT,
    CONTEXT_WEIGHT_BITS,
    MAX_CLASS_SUM,
    MAX_CONTEXTS,
    MAX_NEIGHBOR_SUM,
    MAX_ROW_LENGTH,
    Code,
)
from ..errors import CorruptError
from .bits import BitReader, BitWriter, fold, unfold

Levels = npt.NDArray[np.int32]


def _neighbor_classes() -> npt.NDArray[np.int16]:
    """n by t [32768]."""
    fourth = np.arange(MAX_NEIGHBOR_SUM + 1, dtype=np.int64) ** 4
    powers = np.int64(1) << np.arange(4 * MAX_NEIGHBOR_SUM.bit_length())
    return np.searchsorted(powers, fourth, side="right").astype(np.int16)


NEIGHBOR_CLASS = _neighbor_classes()


@dataclass(frozen=True, slots=True)
class ContextModel:
    """The parameters of the contexts of one stream."""

    row_length: int
    """levels of a row, 1 … 65536"""
    contexts: int
    """1 … 64"""
    wp: int = 0
    """weight of the axis classes, 0 … 15"""
    wn: int = 0
    """weight of the neighbours, 0 … 15"""
    base: int = 0
    """subtracted before clamping, -65536 … 65536"""
    axis_classes: tuple[npt.NDArray[np.int64] | None, ...] = field(default=())
    """in quarter octaves, an array for each axis of the level shape, None for none; () if wp is 0"""

    @property
    def backs(self) -> tuple[int, int, int, int]:
        """Distances of the four neighbours in the lane; a level at two equal distances counts twice."""
        return 1, 2, self.row_length, 2 * self.row_length

    def axis_sum(self, shape: tuple[int, ...]) -> npt.NDArray[np.int16]:
        """wp · p of every level [prod(shape)], at most 15 · 2047 in magnitude."""
        if self.wp == 0:
            return np.zeros(prod(shape), np.int16)
        views = [
            classes.astype(np.int16).reshape([-1 if a == axis else 1 for a in range(len(shape))])
            for axis, classes in enumerate(self.axis_classes)
            if classes is not None
        ]
        total = reduce(np.add, views, np.zeros([1] * len(shape), np.int16))
        total = np.clip(total, -MAX_CLASS_SUM, MAX_CLASS_SUM) * np.int16(self.wp)
        every: npt.NDArray[np.int16] = np.broadcast_to(total, shape)
        return np.ascontiguousarray(every).reshape(-1)

    def neighbor_term(self) -> npt.NDArray[np.int32]:
        """wn · n by t [32768]."""
        return NEIGHBOR_CLASS.astype(np.int32) * np.int32(self.wn)

    def clamp(self, weighted: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        """Contexts from wp · p + wn · n, of any shape."""
        clamped: npt.NDArray[np.int32] = np.clip((weighted >> CONTEXT_SHIFT) - self.base, 0, self.contexts - 1)
        return clamped.astype(np.intp)

    def of_points(self, points: Levels, axis_sum: npt.NDArray[np.int16]) -> npt.NDArray[np.intp]:
        """Contexts of one segment's levels [iterations, lanes] from all of their points and wp · p."""
        weighted = self.neighbor_term()[neighbor_sums(points, self.backs)] if self.wn else np.zeros_like(points)
        return self.clamp(weighted + axis_sum)

    def write_weights(self, bits: BitWriter) -> None:
        """Write row length, number of contexts, weights and base."""
        bits.gamma(self.row_length - 1)
        bits.gamma(self.contexts - 1)
        bits.field(self.wp, CONTEXT_WEIGHT_BITS)
        bits.field(self.wn, CONTEXT_WEIGHT_BITS)
        bits.gamma(fold(self.base))

    @staticmethod
    def read_weights(bits: BitReader) -> ContextModel:
        """Inverse of `write_weights`: a model without its classes. Raises CorruptError (bad_stream)."""
        row_length, contexts = bits.gamma() + 1, bits.gamma() + 1
        wp, wn = bits.field(CONTEXT_WEIGHT_BITS), bits.field(CONTEXT_WEIGHT_BITS)
        base = unfold(bits.gamma())
        if row_length > MAX_ROW_LENGTH or contexts > MAX_CONTEXTS or abs(base) > 1 << 16:
            raise CorruptError(
                Code.BAD_STREAM,
                f"A stream has rows of {row_length} levels, {contexts} contexts and base {base}; "
                f"at most {MAX_ROW_LENGTH}, {MAX_CONTEXTS} and ±65536 are allowed.",
            )
        return ContextModel(row_length, contexts, wp, wn, base)

    def write_classes(self, bits: BitWriter) -> None:
        """Write the classes of every axis; nothing if wp is 0."""
        for classes in self.axis_classes:
            if classes is None:
                bits.unary(0)
                continue
            quarters = bool((classes & 1).any())
            bits.unary(1 + quarters)
            for value in (classes if quarters else classes // 2).tolist():
                bits.unary(fold(value))

    def read_classes(self, bits: BitReader, shape: tuple[int, ...]) -> ContextModel:
        """Inverse of `write_classes` for levels of this shape: the complete model. Raises CorruptError (bad_stream)."""
        return replace(self, axis_classes=tuple(_read_classes(bits, length) for length in shape)) if self.wp else self


def _read_classes(bits: BitReader, length: int) -> npt.NDArray[np.int64] | None:
    fineness = bits.unary()
    if fineness > 2:
        raise CorruptError(Code.BAD_STREAM, f"An axis in a stream header has classes of the unknown kind {fineness}.")
    if not fineness:
        return None
    return bits.signed_bytes(length) * (3 - fineness)


def neighbor_sums(points: Levels, backs: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """t of every level [iterations, lanes], given all points and the distances of the neighbours."""
    magnitudes = np.minimum(np.abs(points), MAX_NEIGHBOR_SUM)
    total = np.zeros(magnitudes.shape, np.int32)
    for back in backs:
        if back < len(magnitudes):
            total[back:] += magnitudes[:-back]
    return np.minimum(total, MAX_NEIGHBOR_SUM, out=total)


class CausalContexts:
    """The contexts of lanes that are decoded one iteration at a time, from the points before."""

    def __init__(self, model: ContextModel, axis_sum: npt.NDArray[np.int16], stride: int = 1) -> None:
        """For levels with these wp · p [iterations, lanes]. Contexts are given as multiples of `stride`."""
        iterations, lanes = axis_sum.shape
        self._axis_sum, self._iteration = axis_sum, 0
        self._backs = [back for back in model.backs if back < iterations] if model.wn else []
        self._ring = max(self._backs, default=0) + 1
        self._magnitudes = np.zeros((self._ring, lanes), np.int32)  # of the last iterations, saturated
        term = model.neighbor_term()
        self._term = np.pad(term, (0, 3 * MAX_NEIGHBOR_SUM), mode="edge")  # by a sum of four saturated magnitudes
        lowest, highest = min(0, int(axis_sum.min(initial=0))), int(axis_sum.max(initial=0)) + int(term[-1])
        weighted = np.concatenate([np.arange(max(highest, 0) + 1), np.arange(lowest, 0)])  # negative: from the end
        self._contexts = model.clamp(weighted.astype(np.int32)) * stride

    def next(self, active: int) -> npt.NDArray[np.intp]:
        """stride · context of the next levels of the first lanes [active]."""
        weighted = self._axis_sum[self._iteration, :active]
        if self._backs:
            t = self._back(1, active)
            for back in self._backs[1:]:
                t = t + self._back(back, active)
            weighted = weighted + self._term[t]
        return self._contexts[weighted]

    def _back(self, back: int, active: int) -> npt.NDArray[np.int32]:
        return self._magnitudes[(self._iteration - back) % self._ring, :active]

    def append(self, points: Levels) -> None:
        """Continue after these points of the first lanes [active]."""
        if self._backs:
            row = self._magnitudes[self._iteration % self._ring, : len(points)]
            np.minimum(np.abs(points), MAX_NEIGHBOR_SUM, out=row)
        self._iteration += 1
