"""Legacy files of torch.save, which need no PyTorch to be read."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn

from frcodec.errors import CorruptError, UnsupportedError


@pytest.fixture
def legacy(save):
    """torch.save in the old format."""
    return lambda value: save(value, _use_new_zipfile_serialization=False)


def test_state_dict(legacy, lossless, values, bits):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2).bfloat16())
    state = net.state_dict()
    model = lossless(legacy(state))
    assert model.kind == "PyTorch legacy"
    found = values(model)
    assert list(found) == list(state)
    assert all(found[name].tobytes() == bits(tensor) for name, tensor in state.items())


def test_pickled_module_and_checkpoint(legacy, lossless, values):
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    assert list(values(lossless(legacy(net)))) == list(net.state_dict())
    optimizer = torch.optim.SGD(net.parameters(), momentum=0.9)
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    model = lossless(legacy({"model": net.state_dict(), "optimizer": optimizer.state_dict()}))
    assert len(model.lossless) == 4


def test_shared_views_and_untyped_storages(legacy, lossless, values):
    base = torch.arange(12.0)
    state = {"a": base[3:], "b": base, "u": torch.ones(3, dtype=torch.uint16), "s": torch.ones(2).untyped_storage()}
    model = lossless(legacy(state))
    assert [(name, v.tolist()) for name, v in values(model).items()] == [
        ("a", list(range(3, 12))),
        ("b", list(range(12))),
        ("u", [1, 1, 1]),
    ]
    assert len(model.skeleton.holes) == 2


def test_changed_weights_load(legacy, read):
    from frcodec.container.rebuild import write_model

    model = read(legacy({"w": torch.ones(3)}))
    out = io.BytesIO()
    write_model(model.skeleton, lambda entry: torch.full((3,), 2.0).numpy().tobytes(), out.write)
    assert torch.load(io.BytesIO(out.getvalue()), weights_only=True)["w"].tolist() == [2, 2, 2]


def test_other_machines_and_versions_are_refused(legacy, read):
    data = legacy({"w": torch.ones(3)})
    key = b"little_endian"
    at = data.index(b"\x88", data.index(key) + len(key))
    with pytest.raises(UnsupportedError, match="big-endian"):
        read(data[:at] + b"\x89" + data[at + 1 :])
    with pytest.raises(UnsupportedError, match="version"):
        read(data.replace(b"M\xe9\x03.", b"M\xe8\x03.", 1))
    with pytest.raises(CorruptError):
        read(data + b"x")
