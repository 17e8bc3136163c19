"""Small .frc files made in memory, and the model files to compare them with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np

from frcodec.encoder.encode import encode
from frcodec.encoder.options import Options
from frcodec.formats.model import Model
from frcodec.formats.plain import Header
from frcodec.formats.read import read_model
from frcodec.formats.safetensors import write_safetensors
from frcodec.tensors import DTYPES, Entry, Stored, from_array

Arrays = Mapping[str, np.ndarray]


def encoded(
    entries: Sequence[Entry], options: Options | None = None, metadata: Mapping[str, str] | None = None
) -> bytes:
    """An .frc file of tensors only."""
    out = io.BytesIO()
    encode(Model("tensors", entries, None, frozenset()), out, options or Options(), metadata=metadata)
    return out.getvalue()


def safetensors(arrays: Arrays, dtypes: Mapping[str, str] | None = None) -> bytes:
    """A model file."""
    named = {name: (dtypes or {}).get(name, array.dtype.name) for name, array in arrays.items()}
    headers = [Header(name, DTYPES[named[name]], array.shape) for name, array in arrays.items()]
    data = [array.tobytes() for array in arrays.values()]
    out = io.BytesIO()
    write_safetensors(out, headers, data.__getitem__)
    return out.getvalue()


def encoded_model(file: bytes, options: Options | None = None) -> bytes:
    """An .frc file with its skeleton."""
    out = io.BytesIO()
    encode(read_model(file, max_bytes=1 << 30), out, options or Options())
    return out.getvalue()


def stored(arrays: Arrays) -> list[Stored]:
    return [from_array(name, array) for name, array in arrays.items()]


def flipped(file: bytes, at: int) -> bytes:
    """The file with one bit changed."""
    data = bytearray(file)
    data[at] ^= 1
    return bytes(data)
