"""State dictionaries, checkpoints and pickled modules as torch.save writes them."""

from __future__ import annotations

import io
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from frcodec.constants import Code
from frcodec.errors import UnsupportedError
from frcodec.tensors import Stored, View


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4, 5)
        self.tied = self.head
        self.extra = torch.arange(6.0)
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2, bias=False)])

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


def _bits(tensor):
    return tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _assert_same(model, tensors, values):
    found = values(model)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].shape == tuple(tensor.shape)
        assert np.ascontiguousarray(found[name]).tobytes() == _bits(tensor)


def test_state_dict_has_all_names_in_order(save, lossless, values):
    state = Net().state_dict()
    model = lossless(save(state))
    assert model.kind == "PyTorch zip"
    _assert_same(model, state, values)
    assert model.lossless == frozenset()


def test_pickled_module_has_the_names_of_its_state_dict(save, lossless, values):
    net = Net()
    model = lossless(save(net))
    found = values(model)
    assert [name for name in found if name != "extra"] == list(net.state_dict())
    assert found["extra"].tolist() == [0, 1, 2, 3, 4, 5]
    aliases = [e.name for e in model.entries if isinstance(e, View)]
    assert aliases == ["tied.weight", "tied.bias"]


def test_pickled_recurrent_network_lists_its_weights_once(save, lossless, values):
    net = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    assert list(values(lossless(save(net)))) == list(net.state_dict())


def test_changed_weights_arrive_with_right_checksums(save, read):
    import zipfile

    from frcodec.container.rebuild import write_model

    state = Net().state_dict()
    model = read(save(state))
    out = io.BytesIO()
    flipped = [
        bytes(byte ^ 255 for byte in entry.data) if isinstance(entry, Stored) else b"" for entry in model.entries
    ]
    write_model(model.skeleton, flipped.__getitem__, out.write)
    assert zipfile.ZipFile(out).testzip() is None
    changed = torch.load(io.BytesIO(out.getvalue()), weights_only=True)
    assert _bits(changed["head.weight"]) == bytes(byte ^ 255 for byte in _bits(state["head.weight"]))


@pytest.mark.parametrize(
    "dtype",
    ["float32", "float64", "float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64"]
    + ["complex128", "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "complex32"]
    + ["float8_e5m2fnuz"],
)
def test_every_dtype(dtype, save, lossless):
    raw = torch.arange(48, dtype=torch.uint8)
    raw = raw % 2 if dtype == "bool" else raw
    tensor = raw.view(getattr(torch, dtype))
    model = lossless(save({"a": tensor, "none": torch.empty(0, 3, dtype=tensor.dtype)}))
    first, empty = model.entries
    assert (first.name, first.dtype.name, bytes(first.data)) == ("a", dtype, raw.numpy().tobytes())
    assert (empty.name, empty.dtype.name, empty.shape, bytes(empty.data)) == ("none", dtype, (0, 3), b"")
    assert len(model.skeleton.holes) == 1


def test_unknown_dtype_is_kept_as_exact_bytes(save, lossless):
    model = lossless(save({"a": torch.zeros(4, dtype=torch.float8_e8m0fnu), "b": torch.zeros(1)}))
    assert [(e.name, e.dtype.name, e.shape) for e in model.entries] == [("", "bytes", (4,)), ("b", "float32", (1,))]
    assert model.lossless == {0}


def test_scalars_stay_in_the_skeleton(save, lossless):
    model = lossless(save({"epoch": 3, "lr": 1e-3, "text": "x", "w": torch.tensor(2.0), "big": 1 << 200, "n": None}))
    assert [(e.name, e.shape) for e in model.entries] == [("w", ())]


def test_shared_storages_become_views(save, lossless, values):
    base = torch.arange(24.0)
    state = {"part": base[4:10], "grid": base.view(4, 6), "cols": base.view(4, 6).t(), "all": base, "step": base[1::3]}
    model = lossless(save(state))
    _assert_same(model, state, values)
    stored = [e for e in model.entries if isinstance(e, Stored)]
    assert [(e.name, e.shape) for e in stored] == [("grid", (4, 6))]


def test_partly_used_storage_is_stored_whole_without_a_name(save, lossless, values):
    base = torch.arange(24.0)
    state = {"first": torch.ones(2), "a": base[2:5], "b": base.view(4, 6)[:, 1:3]}
    model = lossless(save(state))
    _assert_same(model, state, values)
    assert [(e.name, e.shape) for e in model.entries] == [("first", (2,)), ("", (24,)), ("a", (3,)), ("b", (4, 2))]


def test_permuted_tensor_is_stored_in_memory_order(save, lossless, values):
    weight = torch.randn(4, 3, 5, 2).to(memory_format=torch.channels_last)
    state = {"w": weight, "t": torch.randn(3, 7).t()}
    model = lossless(save(state))
    _assert_same(model, state, values)
    assert [e.shape for e in model.entries if isinstance(e, Stored)] == [(4, 5, 2, 3), (3, 7)]


def test_expanded_tensor_is_a_view_with_stride_zero(save, lossless, values, read):
    state = {"e": torch.ones(1).expand(3, 5)}
    model = lossless(save(state))
    _assert_same(model, state, values)
    with pytest.raises(UnsupportedError) as caught:
        read(save({"e": torch.ones(1).expand(1 << 20, 1 << 20)}))
    assert caught.value.code == Code.TOO_LARGE


def test_two_dtypes_on_one_storage_keep_the_bytes_exact(save, lossless, values):
    base = torch.arange(8, dtype=torch.float32)
    model = lossless(save({"f": base, "half": base[:2]}))
    assert model.lossless == frozenset()
    base = torch.ones(8, dtype=torch.uint16)
    model = lossless(save({"u": base, "other": base.view(torch.uint32)}))
    assert list(values(model)) == ["u"]
    assert model.lossless == {0}


def test_lazy_conjugate_is_left_out_but_kept(save, lossless, values):
    model = lossless(save({"c": torch.ones(3, dtype=torch.complex64).conj(), "w": torch.ones(1)}))
    assert list(values(model)) == ["w"]
    assert [e.dtype.name for e in model.entries] == ["bytes", "float32"]


def test_checkpoint_with_optimizer(save, lossless, values):
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 1, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "losses": [0.5, 0.25]}
    model = lossless(save(checkpoint))
    names = [e.name for e in model.entries]
    assert names[:4] == ["model.0.weight", "model.0.bias", "model.1.weight", "model.1.bias"]
    assert names[4:7] == ["optimizer.state.0.step", "optimizer.state.0.exp_avg", "optimizer.state.0.exp_avg_sq"]
    assert {model.entries[i].name for i in model.lossless} == {n for n in names if n.startswith("optimizer.state")}


def test_quantized_tensors(save, lossless):
    whole = torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 3, torch.quint8)
    rows = torch.quantize_per_channel(
        torch.randn(3, 4), torch.ones(3), torch.zeros(3, dtype=torch.long), 0, torch.qint8
    )
    model = lossless(save({"whole": whole, "rows": rows}))
    assert [(e.name, e.dtype.name) for e in model.entries] == [
        ("whole", "uint8"),
        ("rows", "int8"),
        ("rows.scales", "float64"),
        ("rows.zero_points", "int64"),
    ]
    assert model.lossless == {2, 3}
    assert bytes(model.entries[1].data) == _bits(rows.int_repr())


def test_sparse_tensors(save, lossless, values):
    model = lossless(save({"coo": torch.eye(3).to_sparse(), "csr": torch.eye(3).to_sparse_csr()}))
    names = ["coo.indices", "coo.values", "csr.crow_indices", "csr.col_indices", "csr.values"]
    assert list(values(model)) == names
    targets = {e.name: e.target if isinstance(e, View) else i for i, e in enumerate(model.entries)}
    assert {name for name in names if targets[name] in model.lossless} == set(names) - {"coo.values", "csr.values"}


def test_parameters_with_attributes_buffers_and_subclasses(save, lossless, values):
    class Special(torch.Tensor):
        pass

    parameter = nn.Parameter(torch.zeros(2))
    parameter.mask = torch.ones(3)
    state = {"p": parameter, "b": nn.Buffer(torch.ones(1)), "s": torch.zeros(2).as_subclass(Special)}
    globals()["Special"] = Special
    Special.__module__, Special.__qualname__ = __name__, "Special"
    assert list(values(lossless(save(state)))) == ["p", "p.mask", "b", "s"]


@pytest.mark.parametrize("value", [torch.ones(3), [torch.ones(3)], {"": torch.ones(3)}, OrderedDict(a=torch.ones(3))])
def test_any_object_may_be_saved(value, save, lossless, values):
    model = lossless(save(value))
    assert [v.tolist() for v in values(model).values()] == [[1, 1, 1]]
    assert list(values(model)) in (["tensor"], ["0"], ["a"])


def test_names_are_made_unique_and_clean(save, lossless, values):
    state = {"a.b": torch.ones(1), "a": {"b": torch.ones(2)}, "x\0y": torch.ones(3), "\ud800": torch.ones(4)}
    state |= {5: torch.ones(5), (1, 2): torch.ones(6), b"raw": torch.ones(7), 2.5: torch.ones(8)}
    model = lossless(save(state))
    assert list(values(model)) == ["a.b", "a.b#2", "x\\0y", "\\ud800", "5", "key5", "raw", "2.5"]


def test_cycles_end(save, lossless, values):
    node: dict[str, object] = {"w": torch.ones(1)}
    node["self"] = node
    node["list"] = [node, torch.zeros(2)]
    assert list(values(lossless(save(node)))) == ["w", "list.1"]


def test_storages_alone_stay_in_the_skeleton(save, lossless):
    model = lossless(save({"s": torch.ones(3).untyped_storage(), "w": torch.ones(1)}))
    assert [e.name for e in model.entries] == ["w"]
    assert len(model.skeleton.holes) == 1
