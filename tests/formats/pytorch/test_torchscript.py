"""TorchScript and lite interpreter models: the rebuilt file must run and give the same outputs."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import torch
from torch import nn
from torch.jit.mobile import _load_for_lite_interpreter

from frcodec.constants import Code
from frcodec.errors import UnsupportedError
from frcodec.tensors import Stored, View

pytestmark = pytest.mark.filterwarnings("ignore")
INPUT = torch.linspace(-1, 1, 3 * 8 * 8).view(1, 3, 8, 8)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 5)
        self.tied = self.head
        self.table = torch.arange(6.0)

    def forward(self, x):
        y = self.head(torch.relu(self.norm(self.conv(x))).mean((2, 3)))
        return y + self.table.sum() + self.tied(y[:, :4]).sum()


def _quantized():
    torch.backends.quantized.engine = "qnnpack"
    return torch.ao.quantization.quantize_dynamic(Net().eval(), {nn.Linear}, dtype=torch.qint8)


def _static():
    """A statically quantized convolution, one scale a channel."""
    torch.backends.quantized.engine = "qnnpack"
    net = nn.Sequential(torch.ao.quantization.QuantStub(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    net = nn.Sequential(*net, torch.ao.quantization.DeQuantStub()).eval()
    net.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(net)
    prepared(INPUT)
    return torch.ao.quantization.convert(prepared)


def _script_bytes(module):
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()


def _make(kind):
    net = Net().eval()
    scripted = torch.jit.script(net)
    made = {
        "traced": lambda: torch.jit.trace(net, INPUT),
        "scripted": lambda: scripted,
        "frozen": lambda: torch.jit.freeze(scripted),
        "quantized": lambda: torch.jit.script(_quantized()),
        "static": lambda: torch.jit.script(_static()),
        "frozen quantized": lambda: torch.jit.freeze(torch.jit.script(_quantized())),
        "half": lambda: torch.jit.script(Net().eval().bfloat16()),
    }
    return made[kind]()


KINDS = ["traced", "scripted", "frozen", "quantized", "static", "frozen quantized", "half"]


def _run(load, data, kind):
    return load(io.BytesIO(data))(INPUT.bfloat16() if kind == "half" else INPUT)


@pytest.mark.parametrize("kind", KINDS)
def test_torchscript_runs_as_before(kind, lossless, read, rebuilt):
    data = _script_bytes(_make(kind))
    model = lossless(data)
    assert model.kind == "TorchScript"
    again = rebuilt(read(data))
    assert torch.equal(_run(torch.jit.load, again, kind), _run(torch.jit.load, data, kind))
    archive = zipfile.ZipFile(io.BytesIO(again))
    assert archive.testzip() is None
    original = zipfile.ZipFile(io.BytesIO(data))
    assert archive.namelist() == original.namelist()
    for name in archive.namelist():
        assert archive.read(name) == original.read(name)
        assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
    _check_alignment(again, archive)


def _check_alignment(data, archive):
    """Payloads start at multiples of 64 bytes, as mapping loaders want them."""
    for info in archive.infolist():
        at = info.header_offset
        lengths = int.from_bytes(data[at + 26 : at + 28], "little"), int.from_bytes(data[at + 28 : at + 30], "little")
        assert (at + 30 + sum(lengths)) % 64 == 0


@pytest.mark.parametrize("kind", KINDS)
def test_lite_interpreter_runs_as_before(kind, lossless, read, rebuilt):
    data = _make(kind)._save_to_buffer_for_lite_interpreter()
    model = lossless(data)
    assert model.kind == "lite interpreter"
    again = rebuilt(read(data))
    expected = _run(_load_for_lite_interpreter, data, kind)
    assert torch.equal(_run(_load_for_lite_interpreter, again, kind), expected)
    assert torch.equal(_run(_load_for_lite_interpreter, rebuilt(read(data, normalize=False)), kind), expected)


def test_scripted_module_has_the_names_of_its_state_dict(lossless, values):
    scripted = torch.jit.script(Net())
    model = lossless(_script_bytes(scripted))
    found = values(model)
    assert {n for n in found if n != "table"} == set(scripted.state_dict())
    for name, tensor in scripted.state_dict().items():
        assert np.array_equal(found[name], tensor.numpy())
    assert sum(isinstance(e, View) for e in model.entries) == 2


def test_frozen_module_has_its_weights_in_constants(lossless):
    for data in (_script_bytes(_make("frozen")), _make("frozen")._save_to_buffer_for_lite_interpreter()):
        model = lossless(data)
        assert all(e.name.startswith("constants.") for e in model.entries)
        assert sum(len(e.data) for e in model.entries if isinstance(e, Stored)) == sum(
            hole.length for hole in model.skeleton.holes
        )


def test_weights_of_quantized_modules_are_int8(lossless):
    model = lossless(_script_bytes(_make("quantized")))
    packed = [e for e in model.entries if isinstance(e, Stored) and e.dtype.name == "int8"]
    assert [(e.name, e.shape) for e in packed] == [("head._packed_params._packed_params.0", (5, 4))]


def test_scales_of_static_quantization_are_exact(lossless):
    for data in (_script_bytes(_make("static")), _make("static")._save_to_buffer_for_lite_interpreter()):
        model = lossless(data)
        scales = [i for i, entry in enumerate(model.entries) if entry.name.endswith(("scale", "scales", "points"))]
        assert len(scales) == 3 and set(scales) <= model.lossless


def test_flatbuffer_models_are_refused_with_advice(read):
    data = b"\0\0\0\0PTMF" + bytes(100)
    with pytest.raises(UnsupportedError, match="_use_flatbuffer") as caught:
        read(data)
    assert caught.value.code == Code.UNSUPPORTED_MODEL
