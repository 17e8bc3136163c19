"""The last step of decoding: double -> float32 -> float16 or bfloat16, round to nearest, ties to even."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import CorruptError
from ..tensors import Array, DType

Reals = npt.NDArray[np.float64]


def to_elements(values: Reals, dtype: DType) -> Array:
    """Elements in the dtype's storage type; CorruptError (bad_value) where one would not be finite."""
    with np.errstate(over="ignore", under="ignore"):
        elements = _rounded(values, dtype)
    if not _finite(elements, dtype):
        raise CorruptError(Code.BAD_VALUE, f"A decoded weight does not fit into {dtype}.")
    return elements


def to_reals(elements: Array, dtype: DType) -> Reals:
    """The exact values of elements given in the dtype's storage type."""
    if dtype.name == "bfloat16":
        elements = (elements.astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(invalid="ignore"):
        return elements.astype(np.float64)


def _rounded(values: Reals, dtype: DType) -> Array:
    if dtype.name == "float64":
        return values
    single = values.astype(np.float32)
    if dtype.name == "float16":
        return single.astype(np.float16)
    if dtype.name == "bfloat16":
        bits = single.view(np.uint32)
        return ((bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)
    return single


def _finite(elements: Array, dtype: DType) -> bool:
    if dtype.name == "bfloat16":
        return bool(((elements.view(np.uint16) & np.uint16(0x7F80)) != 0x7F80).all())
    return bool(np.isfinite(elements).all())
