"""Writes state dictionaries in the format of `torch.save` without PyTorch: a zip archive with a protocol 2 pickle."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import BinaryIO

from ...tensors import Buffer, contiguous_strides
from ..plain import ALIGNMENT, Fetch, Header, check_names, checked
from ..zip.write import MemberInfo, ZipWriter
from .known_globals import STORAGES

_FOLDER = "archive"
_STORAGES = {dtype: storage for storage, dtype in reversed(STORAGES.items())} | {"bytes": "ByteStorage"}
"""dtype -> class of its typed storage; the other dtypes use untyped storages"""


def write_pt(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """Write a state dictionary that `torch.load(weights_only=True)` reads. Tensors are fetched in their order.

    Tensors of dtype "bytes" become uint8.

    Raises UsageError (bad_tensor) if two tensors have the same name, or `fetch` returns a wrong number of bytes.
    """
    check_names(tensors)
    writer = ZipWriter(out.write)

    def add(name: str, data: Buffer) -> None:
        writer.add(MemberInfo(f"{_FOLDER}/{name}".encode()), [data], align=ALIGNMENT)

    add("data.pkl", _state_dict_pickle(tensors))
    add("byteorder", b"little")
    for number, header in enumerate(tensors):
        add(f"data/{number}", checked(header, fetch(number)))
    add("version", b"3\n")
    writer.finish()


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
