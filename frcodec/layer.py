"""One tensor through all the stages, both ways.

    encode   elements -> reals -> coefficients -> kept region -> levels
    decode   levels -> box -> integers · 2^-F · step -> elements

8-bit integers skip transform and rounding: level = element - center, modulo 256.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from . import transform
from .constants import MAX_LEVEL
from .quantize.elements import to_elements, to_reals
from .quantize.steps import step_of
from .region import Box, Region
from .tensors import Array, DType, Stored

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_BLOCK = 1 << 20
"""elements of a slab that the inverse transform works on at once"""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a file stores of a tensor besides its levels."""

    dtype: DType
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    """transformed axes, ascending; () for none"""
    region: Region
    step: int
    """step code of a float tensor; center, 0 … 255, of an 8-bit integer tensor"""

    @property
    def integer(self) -> bool:
        """Whether the levels are the elements themselves."""
        return not self.dtype.lossy


def coefficients(tensor: Stored, axes: tuple[int, ...]) -> Reals:
    """What is quantized: the tensor's DCT coefficients over `axes`, in units of the weights."""
    return transform.forward(to_reals(tensor.array(), tensor.dtype), axes)


def quantized(coefs: Reals, step: float) -> Ints | None:
    """Nearest levels; None where one would be too large."""
    with np.errstate(over="ignore"):
        scaled = np.asarray(coefs / step)
    if not (scaled.max(initial=0.0) <= MAX_LEVEL and scaled.min(initial=0.0) >= -MAX_LEVEL):
        return None
    return np.rint(scaled, out=scaled).astype(np.int32)


def integer_levels(tensor: Stored, center: int) -> Ints:
    """Levels of an 8-bit integer tensor around its center, -128 … 127."""
    return (tensor.array().view(np.uint8) - np.uint8(center)).view(np.int8).astype(np.int32)


def decode(levels: Ints, layer: Layer) -> Array:
    """Elements [shape] from the levels [count] of a layer. Raises CorruptError."""
    box = layer.region.scatter(levels, layer.shape)
    if layer.integer:
        whole = _placed(box, layer.shape, np.dtype(np.int32))
        return (whole.astype(np.uint8) + np.uint8(layer.step)).view(layer.dtype.storage)
    if not levels.any():
        return np.zeros(layer.shape, layer.dtype.storage)
    step = step_of(layer.step)
    fraction = transform.fraction_bits(transform.energy(box)) if layer.axes else 0
    result = np.zeros(layer.shape, layer.dtype.storage)
    for part, place in _slabs(box.shape, layer):
        values: Reals = box[part].astype(np.float64)
        if layer.axes:
            values = transform.inverse(values, layer.shape, layer.axes, fraction)
        values *= step * 2.0**-fraction
        result[place] = to_elements(values, layer.dtype)
    return result


def _slabs(kept: tuple[int, ...], layer: Layer) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Parts of the box, and the places of the elements they become: slices of a long axis that is not transformed.

    Positions on such an axis do not see each other, so a slab at a time keeps the intermediates small.
    """
    done = [n if axis in layer.axes else k for axis, (n, k) in enumerate(zip(layer.shape, kept, strict=True))]
    free = [axis for axis in range(len(kept)) if axis not in layer.axes]
    if not free:
        yield (), tuple(slice(0, n) for n in done)
        return
    along = max(free, key=lambda axis: kept[axis])
    width = max(1, _BLOCK * kept[along] // max(1, prod(done)))
    for start in range(0, kept[along], width):
        cut = slice(start, min(start + width, kept[along]))
        yield (
            tuple(cut if axis == along else slice(None) for axis in range(len(kept))),
            tuple(cut if axis == along else slice(0, n) for axis, n in enumerate(done)),
        )


def _placed(box: Array, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
    """The box at the origin of an array of zeros."""
    if box.shape == shape:
        return box.astype(dtype, copy=False)
    result = np.zeros(shape, dtype)
    result[tuple(slice(0, k) for k in box.shape)] = box
    return result


def whole(shape: tuple[int, ...]) -> Box:
    """The region that keeps everything."""
    return Box(shape)
