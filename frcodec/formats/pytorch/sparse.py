"""Published files of frequency regularization: state dictionaries of sparse tensors, which are DCT coefficients.

A sparse COO tensor is (indices int64 [axes, n], values [n], dense shape). Such a file does not say that it holds
coefficients; they are recognized by their positions, which fill the low frequencies and little of the tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import numpy.typing as npt

from ...constants import MAX_TRANSFORM_LENGTH, Code
from ...errors import CorruptError, UnsupportedError
from ...stages.elements import to_reals
from ...stages.region import Box, Region, Scan
from ...stages.spectral import DctTensor
from ...stages.transform import Transform
from ...tensors import Array
from .objects import SparseRef, StorageRef, TensorRef
from .storages import Payload, check_length
from .walk import Names, named_leaves

Indices = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Locate = Callable[[StorageRef], Payload | None]

MARK = b"_rebuild_sparse_tensor"
"""occurs in the pickle of every file with sparse tensors"""
_MAX_INDICES = 1 << 26
"""of all tensors together; tensors can share a storage, so the size of the file is no bound"""


def sparse_tensors(root: object, locate: Locate, max_bytes: int) -> list[DctTensor]:
    """The DCT tensors below `root`, the object that the pickle describes, in dictionary order.

    The kept region of each is the smallest scan prefix or, where that is smaller, box that holds its positions.
    Values at the same position of a tensor that is not coalesced add up.

    Raises UnsupportedError (unsupported_model) if the file holds anything but coefficients: dense, hybrid or integer
    tensors, or scattered positions; UnsupportedError (too_large) if the dense tensors exceed `max_bytes`; CorruptError
    (bad_model) for positions outside of their tensor or twice in a coalesced one, and for parts of wrong types or
    sizes.
    """
    tensors: list[DctTensor] = []
    room, work = max_bytes, _MAX_INDICES
    for name, leaf, lossless in named_leaves(root, Names(), (TensorRef, SparseRef)):
        if not isinstance(leaf, SparseRef) or lossless:
            raise _not_coefficients(name, "it is not a sparse tensor of weights")
        indices, values, shape = _parts(name, leaf)
        room -= prod(shape) * (values.dtype.itemsize if values.dtype else 1)
        work -= prod(indices.shape)
        if room < 0 or work < 0:
            raise UnsupportedError(
                Code.TOO_LARGE,
                f"The tensors of this sparse model have more than {_MAX_INDICES:,} indices, or take more "
                f"than the limit of {max_bytes:,} bytes (max_bytes) once they are dense.",
            )
        tensors.append(_dct_tensor(name, leaf, indices, values, shape, locate))
    kept, size = sum(tensor.region.count for tensor in tensors), sum(tensor.size for tensor in tensors)
    if 2 * kept > size or not tensors:
        raise _not_coefficients("", f"{kept:,} of its {size:,} elements are kept, which is not a small part")
    return tensors


def _parts(name: str, leaf: SparseRef) -> tuple[TensorRef, TensorRef, tuple[int, ...]]:
    """Indices [axes, n], values [n] and the dense shape. Every axis can be transformed."""
    parts = [part for _, part, _ in leaf.parts if isinstance(part, TensorRef)]
    if len(parts) != 2 or leaf.shape is None:
        raise _damaged(name, "lacks its indices, its values or its shape")
    indices, values = parts
    if indices.dtype is None or indices.dtype.name != "int64" or len(indices.shape) != 2:
        raise _damaged(name, "has indices that are not int64 [axes, values]")
    if values.shape[:1] != indices.shape[1:] or indices.shape[0] + len(values.shape) - 1 != len(leaf.shape):
        raise _damaged(name, f"has indices {indices.shape} and values {values.shape} for a shape of {leaf.shape}")
    if len(values.shape) > 1:
        raise _not_coefficients(name, f"its values are blocks of shape {values.shape[1:]} (a hybrid tensor)")
    if values.dtype is None or not values.dtype.lossy:
        raise _not_coefficients(name, f"its values are {values.dtype or 'of an unknown type'}, not real numbers")
    if not leaf.shape or not all(1 <= n <= MAX_TRANSFORM_LENGTH for n in leaf.shape):
        raise _not_coefficients(name, f"its shape is {leaf.shape}; axes have 1 to {MAX_TRANSFORM_LENGTH:,} elements")
    return indices, values, leaf.shape


def _dct_tensor(
    name: str, leaf: SparseRef, indices: TensorRef, values: TensorRef, shape: tuple[int, ...], locate: Locate
) -> DctTensor:
    """A tensor whose positions are checked."""
    assert values.dtype is not None
    positions = _elements(name, indices, locate).T.astype(np.int64, copy=False)
    if ((positions < 0) | (positions >= np.array(shape))).any():
        raise _damaged(name, f"has a position outside of its shape {shape}")
    ranks = scan_ranks(positions, shape)
    distinct = len(np.unique(ranks))
    if leaf.coalesced and distinct < len(ranks):
        raise _damaged(name, "has a position twice, though it is coalesced")
    region, places = _region(positions, ranks)
    if region.count > 2 * distinct:
        raise _not_coefficients(name, f"its {distinct:,} positions are scattered, not the lowest frequencies")
    elements = to_reals(_elements(name, values, locate), values.dtype)
    if not np.isfinite(elements).all():
        raise _not_coefficients(name, "it holds NaN or infinity")
    # sums values at the same position
    coefficients: Reals = np.asarray(np.bincount(places, weights=elements, minlength=region.count), np.float64)
    coefficients.flags.writeable = False
    return DctTensor(name, values.dtype, shape, b"", Transform(tuple(range(len(shape)))), region, coefficients)


def _elements(name: str, tensor: TensorRef, locate: Locate) -> Array:
    """A view of a storage, without a copy. The parts of a sparse tensor never overlap themselves."""
    assert tensor.dtype is not None
    if not prod(tensor.shape):
        return np.zeros(tensor.shape, tensor.dtype.storage)
    payload = locate(tensor.storage)
    if payload is None:
        raise _damaged(name, "has a storage that is missing in the file")
    check_length(tensor, payload)
    stored = np.frombuffer(payload.data, tensor.dtype.storage, len(payload.data) // tensor.dtype.itemsize)
    if prod(tensor.shape) > len(stored):
        raise _damaged(name, "has parts that are larger than their storages")
    strides = tuple(stride * tensor.dtype.itemsize for stride in tensor.strides)
    return np.lib.stride_tricks.as_strided(stored[tensor.offset :], tensor.shape, strides, writeable=False)


def scan_ranks(positions: Indices, shape: tuple[int, ...]) -> Indices:
    """The ranks in the scan of positions [n, axes] inside of the shape, from 0.

    rank = number of positions with a smaller index sum + of those with the same sum that precede lexicographically
    """
    rest = np.zeros(len(positions), np.int64)
    ranks = np.zeros(len(positions), np.int64)
    largest = int(positions.sum(axis=1).max(initial=0))
    upto = np.ones(largest + 2, np.int64)  # number of positions of the later axes with a sum below 0, 1, …
    upto[0] = 0
    for axis in reversed(range(len(shape))):
        rest += positions[:, axis]  # the sum from this axis on; a smaller index here leaves more of it to later axes
        ranks += upto[rest + 1] - upto[rest + 1 - positions[:, axis]]
        exactly = upto[1:].copy()
        exactly[shape[axis] :] -= upto[1 : 1 + max(0, largest + 1 - shape[axis])]
        upto[1:] = np.cumsum(exactly)
    return ranks + upto[rest]


def _region(positions: Indices, ranks: Indices) -> tuple[Region, Indices]:
    """The smallest scan prefix or box that holds the positions, and their places in it."""
    if not len(ranks):
        return Scan(0), ranks
    prefix = int(ranks.max()) + 1
    kept = tuple(int(k) + 1 for k in positions.max(axis=0))
    if prefix <= prod(kept):
        return Scan(prefix), ranks
    return Box(kept), np.asarray(np.ravel_multi_index(tuple(positions.T), kept), np.int64)


def _damaged(name: str, what: str) -> CorruptError:
    return CorruptError(Code.BAD_MODEL, f"The model file is damaged: sparse tensor {name[:100]!r} {what}.")


def _not_coefficients(name: str, what: str) -> UnsupportedError:
    whose = f", as tensor {name[:100]!r} shows" if name else ""
    return UnsupportedError(
        Code.UNSUPPORTED_MODEL, f"This is not a file of sparse DCT coefficients{whose}: {what}. Encode it as it is."
    )
