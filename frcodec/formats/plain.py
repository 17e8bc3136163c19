"""Plain dictionaries of tensors as .pt, .safetensors and .npz files, without PyTorch.

Every writer takes the names, dtypes and shapes first and asks for one tensor at a time, so that a caller may decode
while writing. The output needs no seeking.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, TypeAlias

import numpy as np

from ..constants import Code
from ..errors import UsageError
from ..tensors import Buffer, DType, contiguous_strides, widened
from .safetensors import DTYPE_NAMES
from .zip.write import MemberInfo, ZipWriter

_ALIGNMENT = 64
_FOLDER = "archive"


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a tensor before its elements."""

    name: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return prod(self.shape) * self.dtype.itemsize


Fetch: TypeAlias = Callable[[int], Buffer]
"""position of a tensor -> its elements, little-endian in C order; called once for each tensor"""


def write_pt(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """A state dictionary that `torch.load(weights_only=True)` reads. Tensors are fetched in their order.

    Tensors of dtype "bytes" become uint8.

    Raises UsageError (bad_tensor) if two tensors have one name, or `fetch` gives a wrong number of bytes.
    """
    _check_names(tensors)
    writer = ZipWriter(out.write)

    def add(name: str, data: Buffer) -> None:
        writer.add(MemberInfo(f"{_FOLDER}/{name}".encode()), [data], align=_ALIGNMENT)

    add("data.pkl", _state_dict_pickle(tensors))
    add("byteorder", b"little")
    for number, header in enumerate(tensors):
        add(f"data/{number}", _fetched(header, fetch(number)))
    add("version", b"3\n")
    writer.finish()


def write_safetensors(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """A safetensors file. Tensors are fetched by falling element size, so that every payload is aligned.

    Raises UsageError (bad_tensor) for dtypes that safetensors lacks (complex128, complex32), and as `write_pt` does.
    """
    _check_names(tensors)
    names = {dtype: name for name, dtype in DTYPE_NAMES.items()} | {"bytes": "U8"}
    for header in tensors:
        if header.dtype.name not in names:
            raise UsageError(
                Code.BAD_TENSOR,
                f"Tensor {header.name!r} has dtype {header.dtype}, which safetensors cannot hold. Write .pt instead.",
            )
    order = sorted(range(len(tensors)), key=lambda i: -tensors[i].dtype.itemsize)
    described: dict[str, object] = {}
    at = 0
    for number in order:
        header = tensors[number]
        described[header.name] = {
            "dtype": names[header.dtype.name],
            "shape": list(header.shape),
            "data_offsets": [at, at + header.nbytes],
        }
        at += header.nbytes
    listed = {header.name: described[header.name] for header in tensors}
    text = json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    out.write(struct.pack("<Q", len(text)) + text)
    for number in order:
        out.write(_fetched(tensors[number], fetch(number)))


def write_npz(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """A NumPy archive without pickles. Tensors are fetched in their order.

    bfloat16 is exactly widened to float32; float8 and complex32, which NumPy lacks, come as unsigned integers that
    hold their bits.

    Raises UsageError (bad_tensor) as `write_pt` does.
    """
    _check_names(tensors)
    writer = ZipWriter(out.write)
    for number, header in enumerate(tensors):
        data = _fetched(header, fetch(number))
        array = widened(np.frombuffer(data, header.dtype.storage), header.dtype)
        raw = np.ascontiguousarray(array).view(np.uint8).data
        info = MemberInfo(f"{header.name}.npy".encode())
        writer.add(info, [_npy_header(array.dtype, header.shape), raw], align=_ALIGNMENT)
    writer.finish()


def _check_names(tensors: Sequence[Header]) -> None:
    seen: set[str] = set()
    for header in tensors:
        if header.name in seen:
            raise UsageError(Code.BAD_TENSOR, f"Two tensors have the name {header.name!r}.")
        seen.add(header.name)


def _fetched(header: Header, data: Buffer) -> memoryview:
    """The bytes of a tensor, as many as it has."""
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    if len(view) != header.nbytes:
        raise UsageError(
            Code.BAD_TENSOR,
            f"Tensor {header.name!r} should have {header.nbytes:,} bytes, but {len(view):,} were given.",
        )
    return view


def _npy_header(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bytes:
    """The start of a .npy file (version 1.0), padded to a multiple of 64 bytes."""
    text = repr({"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}).encode()
    padding = -(10 + len(text) + 1) % _ALIGNMENT
    text += b" " * padding + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


# The pickle of a state dictionary, in protocol 2 like PyTorch's own.

_STORAGES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "uint8": "ByteStorage",
    "bytes": "ByteStorage",
    "int8": "CharStorage",
    "int16": "ShortStorage",
    "int32": "IntStorage",
    "int64": "LongStorage",
    "bool": "BoolStorage",
    "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}
"""dtypes that PyTorch has typed storages for; the others lie in untyped ones"""


def _state_dict_pickle(tensors: Sequence[Header]) -> bytes:
    """OrderedDict([(name, tensor), …]); tensor i lies in storage "i"."""
    parts = [b"\x80\x02", _name("collections", "OrderedDict"), b")R("]
    for number, header in enumerate(tensors):
        parts += [_text(header.name), _tensor(header, str(number))]
    return b"".join([*parts, b"u."])


def _tensor(header: Header, key: str) -> bytes:
    """A call of _rebuild_tensor_v2, or of _v3 where the storage is untyped."""
    kind = _STORAGES.get(header.dtype.name)
    storage_class = _name("torch", kind) if kind else _name("torch.storage", "UntypedStorage")
    count = prod(header.shape) if kind else header.nbytes
    storage = b"(" + _text("storage") + storage_class + _text(key) + _text("cpu") + _integer(count) + b"tQ"
    layout = _integer(0) + _integers(header.shape) + _integers(contiguous_strides(header.shape))
    hooks = b"\x89" + _name("collections", "OrderedDict") + b")R"
    if kind:
        return _name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + layout + hooks + b"tR"
    dtype = _name("torch", header.dtype.name)
    return _name("torch._utils", "_rebuild_tensor_v3") + b"(" + storage + layout + hooks + dtype + b"tR"


def _name(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _integer(value: int) -> bytes:
    if value < 1 << 8:
        return struct.pack("<BB", ord("K"), value)
    if value < 1 << 31:
        return struct.pack("<BI", ord("J"), value)
    return struct.pack("<BBQ", 0x8A, 9, value) + b"\0"


def _integers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(_integer(value) for value in values) + b"t"
