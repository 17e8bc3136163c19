"""Named arrays as the codec sees them: raw little-endian bytes with a dtype and a shape, and views into them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .constants import DTYPE_BITS, MAX_RANK, Code
from .errors import UsageError

Array: TypeAlias = npt.NDArray[np.generic]
Buffer: TypeAlias = bytes | bytearray | memoryview

_NUMPY_STORAGE = {  # dtypes that NumPy lacks are carried by unsigned integers or bytes of the same size
    "bfloat16": "<u2",
    "float8_e4m3fn": "u1",
    "float8_e5m2": "u1",
    "float8_e4m3fnuz": "u1",
    "float8_e5m2fnuz": "u1",
    "complex32": "<u4",
    "bytes": "u1",
}
LOSSY_DTYPES = ("float32", "float16", "bfloat16", "float64")
"""dtypes whose weights may be quantized; the index of each is its id in the format"""


@dataclass(frozen=True, slots=True)
class DType:
    """An element type of the format."""

    name: str
    """NumPy's or PyTorch's name, such as "float32" or "bfloat16" """

    @property
    def id(self) -> int:
        """Number in the index of a file."""
        return DTYPE_BITS[self.name][0]

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return DTYPE_BITS[self.name][1] // 8

    @property
    def lossy(self) -> bool:
        """Whether weights of this type may be quantized."""
        return self.name in LOSSY_DTYPES

    @property
    def storage(self) -> np.dtype[np.generic]:
        """The NumPy dtype that carries the bytes: its own, or an unsigned integer of the same size."""
        return np.dtype(_NUMPY_STORAGE.get(self.name, self.name)).newbyteorder("<")

    def __str__(self) -> str:
        return self.name


DTYPES = {name: DType(name) for name in DTYPE_BITS}
"""name -> dtype"""
DTYPES_BY_ID = {dtype.id: dtype for dtype in DTYPES.values()}


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor whose bytes are stored: `data` holds prod(shape) elements, little-endian, in C order.

    An empty name means that the payload is no entry of the dictionary itself and is reached only through views.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    data: Buffer

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    def array(self) -> Array:
        """The elements without a copy, in the dtype's NumPy storage type."""
        return np.frombuffer(self.data, dtype=self.dtype.storage).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class View:
    """A dictionary entry that shares the payload of another: element (i, j, …) is at offset + i·strides[0] + ….

    `target` is the position of a `Stored` in the same list; offset and strides count elements, strides are >= 0.
    """

    name: str
    target: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def last_element(self) -> int:
        """Largest element index that the view touches, -1 if it is empty."""
        if 0 in self.shape:
            return -1
        return self.offset + sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True))

    def of(self, base: Array) -> Array:
        """The view's elements of its target's array, without a copy, read-only."""
        flat = base.reshape(-1)
        strides = tuple(stride * flat.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides, writeable=False)


Entry: TypeAlias = Stored | View
"""what a list of named tensors holds, in dictionary order"""


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in elements of a C-ordered array."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def widen(array: Array, dtype: DType) -> Array:
    """Elements as NumPy users expect them: bfloat16 exactly widen to float32, all else as it is stored."""
    if dtype.name != "bfloat16":
        return array
    return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)


def from_array(name: str, array: Array) -> Stored:
    """A stored tensor from a NumPy array of any layout and byte order.

    Raises UsageError (bad_tensor) for anything else, and for dtypes without an id and too many dimensions.
    """
    if not isinstance(array, np.ndarray | np.generic):
        raise UsageError(Code.BAD_TENSOR, f"{name!r} is a {type(array).__name__}, not a NumPy array.")
    if array.ndim > MAX_RANK:
        raise UsageError(
            Code.BAD_TENSOR, f"Tensor {name!r} has {array.ndim} dimensions; at most {MAX_RANK} are allowed."
        )
    kind = array.dtype.newbyteorder("=").name
    if kind not in DTYPES or kind in _NUMPY_STORAGE:
        allowed = ", ".join(n for n in DTYPES if n not in _NUMPY_STORAGE)
        raise UsageError(
            Code.BAD_TENSOR, f"tensor {name!r} has dtype {array.dtype}, which cannot be stored. Allowed: {allowed}."
        )
    dtype = DTYPES[kind]
    little = np.ascontiguousarray(array, dtype=dtype.storage)
    return Stored(name, dtype, array.shape, little.reshape(-1).view(np.uint8).data if little.size else b"")


def raw_bytes(array: Array) -> Buffer:
    """The bytes of an array in C order, without a copy where it is contiguous."""
    flat: Any = np.ascontiguousarray(array).reshape(-1)
    return memoryview(flat.view(np.uint8)) if flat.size else b""
