"""One tensor through all the stages, both ways.

    encode   elements -> doubles -> coefficients -> kept region -> points
    decode   points -> box -> integers · 2^-F · step -> elements
    at another width   the box is cropped, axes have other lengths, and the step is multiplied by a gain

8-bit integers have neither transform nor rounding: point = element - center, modulo 256.
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
from .region import Region
from .steps import MAX_CODE, step_of
from .transform import Transform, energy, forward, fraction_bits, inverse

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_BLOCK = 1 << 20
"""elements that the inverse transform works on at once, about"""


@dataclass(frozen=True, slots=True)
class Resampled:
    """A layer at another width than it is stored at (spec section "Other widths")."""

    stored: tuple[int, ...]
    """shape at full width"""
    gain: float
    """√(p / q), positive"""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a file says about a tensor besides its stream."""

    dtype: DType
    shape: tuple[int, ...]
    """of the decoded tensor"""
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
    """The DCT coefficients [shape] of a tensor, in units of its elements: what is quantized."""
    return forward(to_reals(tensor.array(), tensor.dtype), transform)


def round_to_points(coefs: Reals, step: float) -> Ints | None:
    """The nearest multiples of the step, in steps; None if one would exceed MAX_LEVEL."""
    with np.errstate(over="ignore"):
        scaled = np.asarray(coefs / step)
    if not (scaled.max(initial=0.0) <= MAX_LEVEL and scaled.min(initial=0.0) >= -MAX_LEVEL):
        return None
    return np.rint(scaled, out=scaled).astype(np.int32)


def integer_points(tensor: Stored, center: int) -> Ints:
    """Points, -128 … 127, of an 8-bit integer tensor with its center at 0 … 255."""
    return (tensor.array().view(np.uint8) - np.uint8(center)).view(np.int8).astype(np.int32)


def decode(points: Ints, layer: Layer, row_steps: npt.NDArray[np.int64] | None = None) -> Array:
    """Elements [shape], in the dtype's storage type, from the points of a layer [count].

    `row_steps` [rows] says by how many quarter octaves the step of each kept row differs from that of the layer.
    Raises CorruptError (bad_record, bad_stream or bad_value).
    """
    box = layer.region.scatter(points, layer.resampled.stored if layer.resampled else layer.shape)
    if layer.integer:
        return np.asarray(_pad(box, layer.shape).astype(np.uint8) + np.uint8(layer.step)).view(layer.dtype.storage)
    steps = _steps(layer, row_steps)
    if not points.any():
        return np.zeros(layer.shape, layer.dtype.storage)
    fraction = fraction_bits(energy(box)) if layer.transform.axes else 0
    gain = 1.0
    if layer.resampled:
        box, gain = box[tuple(slice(0, n) for n in layer.shape)], layer.resampled.gain
    elements = np.zeros(layer.shape, layer.dtype.storage)
    for part, place in _slabs(box.shape, layer):
        values: Reals = box[part].astype(np.float64)
        if layer.transform.axes:
            values = inverse(values, layer.shape, layer.transform, fraction)
        values *= steps[part[:1] if steps.size > 1 else ()] * 2.0**-fraction * gain
        elements[place] = to_elements(values, layer.dtype)
    return elements


def _steps(layer: Layer, row_steps: npt.NDArray[np.int64] | None) -> Reals:
    """The step of every kept row [rows, 1, …], or of all rows [1, 1, …]."""
    if row_steps is None:
        return np.full((1,) * len(layer.shape), step_of(layer.step))
    if not layer.region.has_axes or 0 in layer.transform.axes:
        raise CorruptError(
            Code.BAD_STREAM, "A stream has row steps, but axis 0 of its tensor is transformed or in scan order."
        )
    codes = (layer.step + ROW_STEP * row_steps).tolist()
    if not all(0 <= code <= MAX_CODE for code in codes):
        raise CorruptError(Code.BAD_STREAM, f"The step code of a row lies outside 0 … {MAX_CODE}.")
    return np.array([step_of(code) for code in codes]).reshape(-1, *(1,) * (len(layer.shape) - 1))


def _slabs(kept: tuple[int, ...], layer: Layer) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Slabs of the box, and the places of their elements: slices of the longest axis that is not transformed.

    Positions on such an axis are independent, and one slab at a time keeps the intermediates small.
    """
    lengths = [
        n if axis in layer.transform.axes else k for axis, (n, k) in enumerate(zip(layer.shape, kept, strict=True))
    ]
    free = [axis for axis in range(len(kept)) if axis not in layer.transform.axes]
    if not free:
        yield (), tuple(slice(0, n) for n in lengths)
        return
    along = max(free, key=lambda axis: kept[axis])
    width = max(1, _BLOCK * kept[along] // max(1, prod(lengths)))
    for start in range(0, kept[along], width):
        cut = slice(start, min(start + width, kept[along]))
        yield (
            tuple(cut if axis == along else slice(None) for axis in range(len(kept))),
            tuple(cut if axis == along else slice(0, n) for axis, n in enumerate(lengths)),
        )


def _pad(box: Ints, shape: tuple[int, ...]) -> Ints:
    """The box at the origin of an array of zeros."""
    if box.shape == shape:
        return box
    result = np.zeros(shape, np.int32)
    result[tuple(slice(0, k) for k in box.shape)] = box
    return result
