"""One tensor through all the stages, both ways.

    encode   elements -> reals -> coefficients -> kept region -> points
    decode   points -> box -> integers · 2^-F · step -> elements
    at another width   the box is cut, axes have other lengths, and the step is multiplied by a gain

8-bit integers skip transform and rounding: point = element - center, modulo 256.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from ..constants import MAX_LEVEL, ROW_STEP, Code
from ..errors import CorruptError
from ..tensors import Array, DType, Stored
from .elements import to_elements, to_reals
from .region import Box, Region, Scan
from .steps import MAX_CODE, step_of
from .transform import Transform, energy, forward, fraction_bits, inverse

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_BLOCK = 1 << 20
"""elements of a slab that the inverse transform works on at once"""


@dataclass(frozen=True, slots=True)
class Resampled:
    """What becomes of a layer at another width (spec section "Other widths")."""

    stored: tuple[int, ...]
    """shape at full width"""
    gain: float
    """√(p / q), positive"""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a file stores of a tensor besides its stream."""

    dtype: DType
    shape: tuple[int, ...]
    """what it decodes to"""
    transform: Transform
    region: Region
    """of the shape at full width"""
    step: int
    """step code of a float tensor; center, 0 … 255, of an 8-bit integer tensor"""
    resampled: Resampled | None = None
    """None at full width"""

    @property
    def integer(self) -> bool:
        """Whether the levels are the elements themselves."""
        return not self.dtype.lossy


def coefficients(tensor: Stored, transform: Transform) -> Reals:
    """What is quantized: the tensor's DCT coefficients, in units of the weights."""
    return forward(to_reals(tensor.array(), tensor.dtype), transform)


def rounded(coefs: Reals, step: float) -> Ints | None:
    """Nearest points; None where one would be too large."""
    with np.errstate(over="ignore"):
        scaled = np.asarray(coefs / step)
    if not (scaled.max(initial=0.0) <= MAX_LEVEL and scaled.min(initial=0.0) >= -MAX_LEVEL):
        return None
    return np.rint(scaled, out=scaled).astype(np.int32)


def integer_points(tensor: Stored, center: int) -> Ints:
    """Points of an 8-bit integer tensor around its center, -128 … 127."""
    return (tensor.array().view(np.uint8) - np.uint8(center)).view(np.int8).astype(np.int32)


def decode(points: Ints, layer: Layer, row_steps: npt.NDArray[np.int64] | None = None) -> Array:
    """Elements [shape] from the points [count] of a layer, and by transform much the steps of its rows differ [rows].

    Raises CorruptError.
    """
    box = layer.region.scatter(points, layer.resampled.stored if layer.resampled else layer.shape)
    if layer.integer:
        whole = _placed(box, layer.shape, np.dtype(np.int32))
        return np.asarray(whole.astype(np.uint8) + np.uint8(layer.step)).view(layer.dtype.storage)
    steps = _steps(layer, row_steps)
    if not points.any():
        return np.zeros(layer.shape, layer.dtype.storage)
    fraction = fraction_bits(energy(box)) if layer.transform.axes else 0
    gain = 1.0
    if layer.resampled:
        box, gain = box[tuple(slice(0, n) for n in layer.shape)], layer.resampled.gain
    result = np.zeros(layer.shape, layer.dtype.storage)
    for part, place in _slabs(box.shape, layer):
        values: Reals = box[part].astype(np.float64)
        if layer.transform.axes:
            values = inverse(values, layer.shape, layer.transform, fraction)
        values *= steps[part[:1] if steps.size > 1 else ()] * 2.0**-fraction * gain
        result[place] = to_elements(values, layer.dtype)
    return result


def _steps(layer: Layer, row_steps: npt.NDArray[np.int64] | None) -> Reals:
    """The step of every row [rows, 1, …], or the one of all [1, …]."""
    if row_steps is None:
        return np.full((1,) * len(layer.shape), step_of(layer.step))
    if isinstance(layer.region, Scan) or 0 in layer.transform.axes:
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps, but its tensor has no rows that could have them.")
    codes = (layer.step + ROW_STEP * row_steps).tolist()
    if not all(0 <= code <= MAX_CODE for code in codes):
        raise CorruptError(Code.BAD_STREAM, f"The step code of a row lies outside 0 … {MAX_CODE}.")
    return np.array([step_of(code) for code in codes]).reshape(-1, *(1,) * (len(layer.shape) - 1))


def _slabs(kept: tuple[int, ...], layer: Layer) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Parts of the box, and the places of the elements they become: slices of a long axis that is not transformed.

    Positions on such an axis do not see each other, so a slab at a time keeps the intermediates small.
    """
    done = [n if axis in layer.transform.axes else k for axis, (n, k) in enumerate(zip(layer.shape, kept, strict=True))]
    free = [axis for axis in range(len(kept)) if axis not in layer.transform.axes]
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
