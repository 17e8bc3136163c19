"""One tensor through all the stages, both ways.

    encode   elements -> reals -> coefficients -> kept region -> levels
    decode   levels -> box -> integers · 2^-F · step -> elements

8-bit integers skip transform and rounding: level = element - center, modulo 256.
"""

from __future__ import annotations

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
    if not float(np.abs(scaled).max(initial=0.0)) <= MAX_LEVEL:
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
    if not layer.axes:
        values: Reals = box.astype(np.float64) * step
        return _placed(to_elements(values, layer.dtype), layer.shape, layer.dtype.storage)
    fraction = transform.fraction_bits(transform.energy(box))
    result = np.zeros(layer.shape, layer.dtype.storage)
    lengths = zip(layer.shape, box.shape, strict=True)
    inner = tuple(n if axis in layer.axes else k for axis, (n, k) in enumerate(lengths))
    slab = box.shape[0] if 0 in layer.axes else max(1, _BLOCK // prod(inner[1:]))
    for start in range(0, box.shape[0], slab):  # rows of an axis that is not transformed do not see each other
        rows = box[start : start + slab]
        values = transform.inverse(rows, layer.shape, layer.axes, fraction)
        values *= step * 2.0**-fraction
        place = (slice(start, start + values.shape[0]), *(slice(0, n) for n in inner[1:]))
        result[place] = to_elements(values, layer.dtype)
    return result


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
