"""Helpers of these tests: taking a model file apart and putting it together again."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from frcodec.container.rebuild import write_model
from frcodec.container.skeleton import check
from frcodec.formats.model import Model
from frcodec.formats.read import read_model
from frcodec.tensors import Stored

LIMIT = 1 << 30


def _rebuilt(model: Model) -> bytes:
    """The file made of a skeleton and unchanged tensors, after all checks that a reader would make."""
    assert model.skeleton is not None
    check(model.skeleton, [len(e.data) if isinstance(e, Stored) else None for e in model.entries])
    _check_entries(model)
    out = bytearray()
    crc = write_model(model.skeleton, lambda entry: model.entries[entry].data, out.extend)
    assert crc == zlib.crc32(out)
    assert len(out) == model.skeleton.size
    return bytes(out)


def _check_entries(model: Model) -> None:
    """What every reader must promise about its entries."""
    names = [entry.name for entry in model.entries if entry.name]
    assert len(set(names)) == len(names)
    for name in names:
        assert "\0" not in name and name.encode()
    seen = set()
    for position, entry in enumerate(model.entries):
        if isinstance(entry, Stored):
            assert len(entry.data) == entry.size * entry.dtype.itemsize
        else:
            target = model.entries[entry.target]
            assert entry.name and isinstance(target, Stored)
            assert entry.last_element() < target.size
            if not target.name and entry.target not in seen:
                assert entry.target == position - 1  # an unnamed payload stands right before its first view
            seen.add(entry.target)
    assert all(isinstance(model.entries[position], Stored) for position in model.lossless)


def _values(model: Model) -> dict[str, np.ndarray[Any, Any]]:
    """All named tensors."""
    found = {}
    for entry in model.entries:
        if isinstance(entry, Stored):
            if entry.name:
                found[entry.name] = entry.array()
        else:
            found[entry.name] = entry.of(model.entries[entry.target].array())
    return found


@pytest.fixture
def rebuilt() -> Callable[[Model], bytes]:
    """Rebuild with unchanged tensors."""
    return _rebuilt


@pytest.fixture
def values() -> Callable[[Model], dict[str, np.ndarray[Any, Any]]]:
    """Named tensors of a model as arrays."""
    return _values


@pytest.fixture
def read() -> Callable[..., Model]:
    """read_model with a generous limit."""
    return lambda data, **options: read_model(data, **{"max_bytes": LIMIT, **options})


@pytest.fixture
def lossless(rebuilt: Callable[[Model], bytes], read: Callable[..., Model]) -> Callable[[bytes], Model]:
    """Take apart, check that both ways of rebuilding work, and give the model as it is read by default."""

    def run(data: bytes) -> Model:
        assert rebuilt(read(data, normalize=False)) == data
        model = read(data)
        again = read(rebuilt(model))
        assert [e.name for e in again.entries] == [e.name for e in model.entries]
        return model

    return run


@pytest.fixture
def save() -> Callable[..., bytes]:
    """torch.save to bytes."""

    def run(value: object, **options: Any) -> bytes:
        buffer = io.BytesIO()
        torch.save(value, buffer, **options)
        return buffer.getvalue()

    return run


@pytest.fixture
def bits() -> Callable[[torch.Tensor], bytes]:
    """The bytes of a tensor in C order."""
    return lambda tensor: bytes(tensor.detach().contiguous().flatten().view(torch.uint8).numpy())
