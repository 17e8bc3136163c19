"""NumPy archives (.npz)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from ..tensors import widen
from .plain import ALIGNMENT, Fetch, Header, check_names, checked
from .zip.write import MemberInfo, ZipWriter


def write_npz(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """Write a NumPy archive without pickles. Tensors are fetched in their order.

    bfloat16 becomes float32, which is exact; float8 and complex32, which NumPy lacks, become unsigned integers with
    the same bits.

    Raises UsageError (bad_tensor) like `write_pt`.
    """
    check_names(tensors)
    writer = ZipWriter(out.write)
    for number, header in enumerate(tensors):
        data = checked(header, fetch(number))
        array = widen(np.frombuffer(data, header.dtype.storage), header.dtype)
        payload = np.ascontiguousarray(array).view(np.uint8).data
        info = MemberInfo(f"{header.name}.npy".encode())
        writer.add(info, [_npy_header(array.dtype, header.shape), payload], align=ALIGNMENT)
    writer.finish()


def _npy_header(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bytes:
    """The header of a .npy file (version 1.0), padded to a multiple of 64 bytes."""
    text = repr({"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}).encode()
    padding = -(10 + len(text) + 1) % ALIGNMENT
    text += b" " * padding + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
