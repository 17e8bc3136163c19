"""Safetensors files: the length of the header in 8 bytes, the header in JSON, the payloads without gaps."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, TypeGuard

from ..constants import MAX_RANK, Code
from ..container.skeleton import Hole
from ..errors import CorruptError, UnsupportedError, UsageError
from ..tensors import DTYPES, DType, Entry, Stored
from .model import Model, cut
from .plain import Fetch, Header, check_names, checked

DTYPE_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
}
"""name in the header -> dtype"""
_MAX_HEADER = 1 << 25
_MAX_NAME = 1 << 12
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class _Record:
    """A tensor as the header describes it."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    start: int
    end: int
    """offsets from the first payload"""


def read_safetensors(image: memoryview) -> Model:
    """Read a safetensors file. Tensors of unknown dtypes become lossless bytes.

    Raises CorruptError (bad_model) for a malformed file, such as one whose payloads overlap or leave gaps,
    UnsupportedError for a header larger than 32 MiB or tensors with too many axes.
    """
    header_end = 8 + int.from_bytes(image[:8], "little")
    if len(image) < 8 or header_end > len(image):
        raise _corrupt(f"its header should end at byte {header_end:,}, but the file has {len(image):,}")
    if header_end > _MAX_HEADER:
        raise UnsupportedError(
            Code.TOO_LARGE,
            f"The safetensors header has {header_end - 8:,} bytes; at most {_MAX_HEADER:,} are supported.",
        )
    records = [_record(name, value) for name, value in _header(bytes(image[8:header_end])) if name != _METADATA]
    _check_layout(records, len(image) - header_end)
    entries: list[Entry] = []
    holes: list[Hole] = []
    for record in records:
        start, end = header_end + record.start, header_end + record.end
        if start < end:
            holes.append(Hole(start, end - start, len(entries)))
        entries.append(Stored(record.name, record.dtype, record.shape, image[start:end]))
    holes.sort(key=lambda hole: hole.offset)
    return Model("safetensors", entries, cut([image], holes, []), frozenset())


def _corrupt(what: str) -> CorruptError:
    return CorruptError(Code.BAD_MODEL, f"The safetensors file is damaged: {what}.")


def _header(text: bytes) -> list[tuple[str, object]]:
    """The entries of the header in file order; JSON objects are tuples of pairs."""
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=tuple)
    except RecursionError:
        raise _corrupt("its header is nested too deeply") from None
    except ValueError as error:
        raise _corrupt(f"its header is not valid JSON ({error})") from None
    if not isinstance(header, tuple):
        raise _corrupt("its header is not a JSON object")
    names = [name for name, _ in header]
    if len(set(names)) != len(names):
        raise _corrupt("its header names a tensor twice")
    return list(header)


def _record(name: str, value: object) -> _Record:
    """The validated description of a tensor."""
    fields = dict(value) if isinstance(value, tuple) else {}
    dtype, shape, offsets = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
    if len(fields) != 3 or not isinstance(dtype, str) or not _sizes(shape) or not _sizes(offsets):
        raise _corrupt(f"the description of tensor {name[:100]!r} is not one of dtype, shape and data_offsets")
    if not name or "\0" in name or len(name) > _MAX_NAME or _has_surrogates(name):
        raise _corrupt(f"the tensor name {name[:100]!r} is empty, too long or not valid text")
    if len(shape) > MAX_RANK:
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL, f"Tensor {name!r} has {len(shape):,} axes; at most {MAX_RANK} are supported."
        )
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _corrupt(f"the data_offsets of tensor {name!r} are not a start and an end")
    size = offsets[1] - offsets[0]
    if dtype not in DTYPE_NAMES:
        bytes_shape = tuple(shape) if prod(shape) == size else (size,)
        return _Record(name, DTYPES["bytes"], bytes_shape, offsets[0], offsets[1])
    expected = prod(shape) * DTYPES[DTYPE_NAMES[dtype]].itemsize
    if expected != size:
        raise _corrupt(f"tensor {name!r} should have {expected:,} bytes but has {size:,}")
    return _Record(name, DTYPES[DTYPE_NAMES[dtype]], tuple(shape), offsets[0], offsets[1])


def _sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 1 << 63 for n in value)


def _has_surrogates(name: str) -> bool:
    return any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)


def _check_layout(records: list[_Record], size: int) -> None:
    """Raise CorruptError unless the payloads follow each other without gaps and fill the file."""
    at = 0
    for record in sorted(records, key=lambda r: (r.start, r.end)):
        if record.start != at:
            raise _corrupt(f"tensor {record.name!r} starts at {record.start:,}, but the one before it ends at {at:,}")
        at = record.end
    if at != size:
        raise _corrupt(f"its tensors end at {at:,}, but its payloads have {size:,} bytes")


def write_safetensors(out: BinaryIO, tensors: Sequence[Header], fetch: Fetch) -> None:
    """Write a safetensors file. Tensors are fetched by decreasing element size, so that every payload is aligned.

    Raises UsageError (bad_tensor) for dtypes that safetensors lacks (complex128, complex32), and like `write_pt`.
    """
    check_names(tensors)
    names = {dtype: name for name, dtype in DTYPE_NAMES.items()} | {"bytes": "U8"}
    for header in tensors:
        if header.dtype.name not in names:
            raise UsageError(
                Code.BAD_TENSOR,
                f"Tensor {header.name!r} has dtype {header.dtype}, which safetensors cannot hold. Write .pt instead.",
            )
    order = sorted(range(len(tensors)), key=lambda i: -tensors[i].dtype.itemsize)
    descriptions: dict[str, object] = {}
    at = 0
    for number in order:
        header = tensors[number]
        descriptions[header.name] = {
            "dtype": names[header.dtype.name],
            "shape": list(header.shape),
            "data_offsets": [at, at + header.nbytes],
        }
        at += header.nbytes
    in_order = {header.name: descriptions[header.name] for header in tensors}
    text = json.dumps(in_order, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    out.write(struct.pack("<Q", len(text)) + text)
    for number in order:
        out.write(checked(tensors[number], fetch(number)))
