"""Tensors that are given by a few of their DCT coefficients, as frequency regularization trains them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..tensors import Array, Stored
from . import layer
from .elements import to_elements, to_reals
from .region import Box, Region, scan_places
from .steps import step_of
from .transform import Transform

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DctTensor(Stored):
    """A tensor whose coefficients outside of a kept region are zero; `data` is empty.

    The coefficients are those of the orthonormal DCT over the transform's axes, in units of the weights. With a step
    code they are multiples of that step, and are stored as they are; without one the encoder chooses a step.
    """

    transform: Transform
    """of whole axes"""
    region: Region
    coefficients: Reals
    """[region.count], in the region's order"""
    code: int | None = None
    """step code, 0 … 55807"""

    def array(self) -> Array:
        """The elements: what a file decodes to, or without a step code near to it, by a floating-point DCT.

        Raises CorruptError (bad_value) where one would not be finite.
        """
        if self.code is not None:
            return layer.decode(
                self.points(), layer.Layer(self.dtype, self.shape, self.transform, self.region, self.code)
            )
        values = self.box()
        for axis in self.transform.axes:
            values = scipy.fft.idct(values, axis=axis, n=self.shape[axis], norm="ortho")
        result = np.zeros(self.shape)
        result[tuple(slice(0, n) for n in values.shape)] = values
        return to_elements(result, self.dtype)

    def box(self) -> Reals:
        """The smallest box that holds the kept region, filled in."""
        if isinstance(self.region, Box):
            return self.coefficients.reshape(self.region.kept)
        box, places = scan_places(self.shape, self.region.count)
        result = np.zeros(prod(box))
        result[places] = self.coefficients
        return result.reshape(box)

    def points(self) -> Ints:
        """The coefficients [count] in steps; only with a step code."""
        assert self.code is not None
        return np.rint(self.coefficients / step_of(self.code)).astype(np.int32)


def spectrum(tensor: Stored) -> Reals:
    """The values of a tensor, or the coefficients that it is given by: their energy is the same."""
    if isinstance(tensor, DctTensor):
        return tensor.coefficients
    return to_reals(tensor.array(), tensor.dtype)
