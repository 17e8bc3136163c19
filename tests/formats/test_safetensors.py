"""Safetensors files, sound and hostile."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import safetensors.torch
import torch

from frcodec.constants import Code
from frcodec.errors import CorruptError, UnsupportedError

DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "bool", "complex64"]
DTYPES += ["uint64", "uint32", "uint16", "uint8", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]


def make(header, payload=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + payload


def record(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype, lossless):
    raw = torch.arange(48, dtype=torch.uint8)
    raw = raw % 2 if dtype == "bool" else raw
    tensors = {"w": raw.view(getattr(torch, dtype)).reshape(-1, 2)}
    model = lossless(safetensors.torch.save(tensors))
    [entry] = model.entries
    assert model.kind == "safetensors"
    assert (entry.name, entry.dtype.name, entry.shape) == ("w", dtype, tuple(tensors["w"].shape))
    assert bytes(entry.data) == raw.numpy().tobytes()


def test_several_tensors_and_metadata(lossless, values):
    tensors = {"b": torch.ones(3), "a": torch.zeros(2, 0), "s": torch.tensor(2.5), "i": torch.arange(3)}
    model = lossless(safetensors.torch.save(tensors, {"format": "pt"}))
    found = values(model)
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert np.array_equal(found[name], tensor.numpy())
    assert len(model.skeleton.holes) == 3


def test_unknown_dtypes_are_bytes(lossless):
    header = {"a": record("F8_E8M0", (2, 4)), "b": record("F4", (4, 4), (8, 16))}
    entries = lossless(make(header, bytes(16))).entries
    assert [(e.name, e.dtype.name, e.shape) for e in entries] == [("a", "bytes", (2, 4)), ("b", "bytes", (8,))]


def test_an_empty_file_of_tensors(lossless):
    assert lossless(make({})).entries == []


BAD = {
    "overlap": make({"a": record(), "b": record(offsets=(4, 12))}, bytes(12)),
    "gap": make({"a": record(), "b": record(offsets=(12, 20))}, bytes(20)),
    "hole at the start": make({"a": record(offsets=(4, 12))}, bytes(12)),
    "bytes behind": make({"a": record()}, bytes(9)),
    "cut": make({"a": record()}, bytes(7)),
    "backwards": make({"a": record(offsets=(8, 0))}, bytes(8)),
    "negative": make({"a": record(offsets=(-8, 0))}, bytes(8)),
    "wrong size": make({"a": record(shape=(3,))}, bytes(8)),
    "huge shape": make({"a": record(shape=(1 << 62, 1 << 62))}, bytes(8)),
    "no number": make({"a": record(shape=("2",))}, bytes(8)),
    "boolean": make({"a": record(shape=(True, 2))}, bytes(8)),
    "float": make({"a": record(shape=(2.0,))}, bytes(8)),
    "extra field": make({"a": record(more=1)}, bytes(8)),
    "missing field": make({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "twice": make(b'{"a":' + json.dumps(record()).encode() + b',"a":' + json.dumps(record()).encode() + b"}", bytes(8)),
    "nameless": make({"": record()}, bytes(8)),
    "surrogate": make({"\ud800": record()}, bytes(8)),
    "nul": make({"a\0b": record()}, bytes(8)),
    "not an object": make(b"{1}"),
    "deep": make(b'{"a":' + b"[" * 100_000),
    "long number": make(b'{"a":' + b"9" * 100_000 + b"}"),
    "not utf-8": make(b'{"\xff":1}'),
    "short header": make(b"{}", length=1 << 30),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused(data, read):
    with pytest.raises(CorruptError) as caught:
        read(data)
    assert caught.value.code == Code.BAD_MODEL


def test_a_header_beyond_the_limit_is_refused(read):
    with pytest.raises(UnsupportedError) as caught:
        read(make(b"{" + b" " * (1 << 25) + b"}"))
    assert caught.value.code == Code.TOO_LARGE
    with pytest.raises(UnsupportedError):
        read(make({"a": record(shape=[1] * 40 + [2])}, bytes(8)))
