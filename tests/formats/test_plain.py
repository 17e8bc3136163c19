"""Plain dictionaries, read back by the libraries that define the formats."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

from frcodec.errors import UsageError
from frcodec.formats.npz import write_npz
from frcodec.formats.plain import Header
from frcodec.formats.pytorch.state_dict import write_pt
from frcodec.formats.safetensors import write_safetensors
from frcodec.tensors import DTYPES

STATE = {
    name: torch.arange(48, dtype=torch.uint8).view(getattr(torch, name)).reshape(-1, 3)
    for name in DTYPES
    if name not in ("bool", "bytes")
}
STATE |= {
    "bool": torch.tensor([True, False]),
    "scalar": torch.tensor(2.5),
    "empty": torch.empty(0, 3),
    "names may be ä.b/c": torch.ones(300, 2),
}
HEADERS = [Header(name, DTYPES[str(t.dtype).removeprefix("torch.")], tuple(t.shape)) for name, t in STATE.items()]
DATA = [t.contiguous().flatten().view(torch.uint8).numpy().tobytes() for t in STATE.values()]


class Once:
    """Gives each tensor once, to an output that cannot seek."""

    def __init__(self):
        self.asked = []

    def __call__(self, number):
        assert number not in self.asked
        self.asked.append(number)
        return DATA[number]


class Pipe:
    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        self.data += data
        return len(data)


def _same(a, b):
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and bytes(a.flatten().view(torch.uint8)) == bytes(b.flatten().view(torch.uint8))
    )


def test_pt_loads_with_weights_only(lossless):
    out, fetch = Pipe(), Once()
    write_pt(out, HEADERS, fetch)
    loaded = torch.load(io.BytesIO(out.data), weights_only=True)
    assert list(loaded) == list(STATE)
    assert all(_same(loaded[name], tensor) for name, tensor in STATE.items())
    assert fetch.asked == list(range(len(HEADERS)))
    assert zipfile.ZipFile(io.BytesIO(out.data)).testzip() is None
    model = lossless(bytes(out.data))
    assert [(e.name, e.dtype, e.shape) for e in model.entries] == [(h.name, h.dtype, h.shape) for h in HEADERS]
    assert all(hole.offset % 64 == 0 for hole in model.skeleton.holes)


def test_pt_can_be_mapped(tmp_path):
    path = tmp_path / "x.pt"
    with path.open("wb") as out:
        write_pt(out, HEADERS, DATA.__getitem__)
    loaded = torch.load(path, weights_only=True, mmap=True)
    assert all(_same(loaded[name], tensor) for name, tensor in STATE.items())


def test_safetensors_loads(lossless):
    numbers = [i for i, h in enumerate(HEADERS) if h.dtype.name not in ("complex128", "complex32")]
    headers = [HEADERS[i] for i in numbers]
    out, fetch = Pipe(), Once()
    write_safetensors(out, headers, lambda i: fetch(numbers[i]))
    loaded = safetensors.torch.load(bytes(out.data))
    assert loaded.keys() == {h.name for h in headers}
    assert all(_same(loaded[name], STATE[name]) for name in loaded)
    assert [e.name for e in lossless(bytes(out.data)).entries] == [h.name for h in headers]
    with pytest.raises(UsageError, match="safetensors cannot hold"):
        write_safetensors(Pipe(), HEADERS, DATA.__getitem__)


def test_npz_loads_without_pickle():
    out = Pipe()
    write_npz(out, HEADERS, Once())
    with np.load(io.BytesIO(out.data), allow_pickle=False) as loaded:
        assert list(loaded) == list(STATE)
        for header, tensor in zip(HEADERS, STATE.values(), strict=True):
            array = loaded[header.name]
            assert array.shape == header.shape
            if header.dtype.name == "bfloat16":
                assert torch.equal(torch.from_numpy(array), tensor.float())
            else:
                assert array.tobytes() == bytes(tensor.flatten().view(torch.uint8))


@pytest.mark.parametrize("write", [write_pt, write_safetensors, write_npz])
def test_mistakes_of_the_caller(write):
    header = Header("a", DTYPES["float32"], (2,))
    with pytest.raises(UsageError, match="two tensors|Two tensors"):
        write(Pipe(), [header, header], lambda i: bytes(8))
    with pytest.raises(UsageError, match="8 bytes, but 7"):
        write(Pipe(), [header], lambda i: bytes(7))


@pytest.mark.parametrize("write", [write_pt, write_safetensors, write_npz])
def test_an_empty_dictionary(write):
    out = Pipe()
    write(out, [], DATA.__getitem__)
    assert out.data


def test_large_sizes_in_the_pickle(monkeypatch):
    from frcodec.formats.pytorch.state_dict import _state_dict_pickle
    from frcodec.formats.pytorch.unpickle import unpickle
    from frcodec.formats.pytorch.walk import Names, named_tensors

    shape = (1 << 33, 3, 200, 70_000)
    headers = [Header(name, DTYPES[name], shape) for name in ("float32", "uint16")]
    found = [n.tensor for n in named_tensors(unpickle(_state_dict_pickle(headers)).root, Names())]
    assert [t.shape for t in found] == [shape, shape]
