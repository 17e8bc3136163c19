"""Tensors given by a few of their DCT coefficients, as frequency regularization trains them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..tensors import Array, Stored
from . import layer
from .elements import to_elements, to_reals
from .region import Region
from .steps import step_of
from .transform import Transform

Ints = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DctTensor(Stored):
    """A tensor given by the coefficients of a kept region, all others being zero; `data` is empty.

    The coefficients are those of the orthonormal DCT over the transform's axes, in units of the weights. With a step
    code they are multiples of that step and are stored without loss; without one the encoder chooses a step.
    """

    transform: Transform
    """of whole axes"""
    region: Region
    coefficients: Reals
    """[region.count], in the region's order"""
    code: int | None = None
    """step code, 0 … 55807"""

    def array(self) -> Array:
        """The elements: with a step code those that a file decodes to, else by a floating-point DCT.

        Raises CorruptError (bad_value) if one would not be finite.
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
        """A box at the origin that holds the coefficients, zero elsewhere."""
        return self.region.scatter(self.coefficients, self.shape)

    def points(self) -> Ints:
        """The coefficients in steps [region.count]; only with a step code."""
        assert self.code is not None
        return np.rint(self.coefficients / step_of(self.code)).astype(np.int32)


def spectrum(tensor: Stored) -> Reals:
    """The elements of a tensor, or the coefficients that it is given by: their energy is the same."""
    if isinstance(tensor, DctTensor):
        return tensor.coefficients
    return to_reals(tensor.array(), tensor.dtype)
