"""Elements and doubles: float64 -> float32 -> float16 or bfloat16, to nearest, ties to even (spec "Reconstruction")."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import CorruptError
from ..tensors import Array, DType, widen

Reals = npt.NDArray[np.float64]


def to_elements(values: Reals, dtype: DType) -> Array:
    """Round doubles of any shape to a float dtype, in its storage type.

    Raises CorruptError (bad_value) if an element would not be finite.
    """
    with np.errstate(over="ignore", under="ignore"):
        elements = _round(values, dtype)
    if not _all_finite(elements, dtype):
        raise CorruptError(Code.BAD_VALUE, f"A decoded weight does not fit into {dtype}.")
    return elements


def to_reals(elements: Array, dtype: DType) -> Reals:
    """The exact values, as doubles, of elements in the dtype's storage type."""
    with np.errstate(invalid="ignore"):
        return widen(elements, dtype).astype(np.float64)


def _round(values: Reals, dtype: DType) -> Array:
    if dtype.name == "float64":
        return values
    single = values.astype(np.float32)
    if dtype.name == "float16":
        return single.astype(np.float16)
    if dtype.name == "bfloat16":
        bits = single.view(np.uint32)
        return ((bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)
    return single


def _all_finite(elements: Array, dtype: DType) -> bool:
    if dtype.name == "bfloat16":
        return bool(((elements.view(np.uint16) & np.uint16(0x7F80)) != 0x7F80).all())
    return bool(np.isfinite(elements).all())
