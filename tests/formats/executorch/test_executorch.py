"""ExecuTorch programs and data files, as executorch 1.5.1 writes them (see runtime/make_fixtures.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import frcodec
from frcodec.encoder.options import Options
from frcodec.encoder.plan import plan_tensors
from frcodec.errors import FrcError, UnsupportedError
from frcodec.formats.read import read_model

FOLDER = Path(__file__).parent / "files"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.name != "external.pte")
LAYERS = [("conv", (4, 3, 3, 3)), ("depthwise", (4, 1, 3, 3)), ("up", (4, 2, 2, 2)), ("head", (5, 2))]
"""names of modules and shapes of their weights, in all of these files"""
PORTABLE = ["conv.0", "conv.2", "conv.4", "linear.7"]
XNNPACK = ["xnnpack.0.conv.1", "xnnpack.0.depthwise.2", "xnnpack.0.deconv.3", "xnnpack.1.linear.0"]


def data(name):
    return (FOLDER / name).read_bytes()


@pytest.fixture
def tensors(read, values):
    return lambda name: values(read(data(name)))


@pytest.mark.parametrize("name", FILES)
def test_rebuilt_byte_for_byte(name, lossless):
    model = lossless(data(name))
    assert model.kind == ("ExecuTorch data" if name.endswith(".ptd") else "ExecuTorch")
    assert model.entries


def test_data_files_name_their_tensors(tensors):
    found = tensors("external.ptd")
    assert list(found) == [f"{name}.{part}" for name, _ in LAYERS for part in ("weight", "bias")] + ["offset"]
    assert [found[f"{name}.weight"].shape for name, _ in LAYERS] == [shape for _, shape in LAYERS]


def test_portable_programs_hold_the_same_values(tensors):
    named, found = tensors("external.ptd"), tensors("portable.pte")
    for (module, _), layer in zip(LAYERS, PORTABLE, strict=True):
        for part in ("weight", "bias"):
            assert np.array_equal(found[f"{layer}.{part}"], named[f"{module}.{part}"])
    assert np.array_equal(found["constant.9"], named["offset"])
    assert len(found) == len(named)


@pytest.mark.parametrize("name", ["xnnpack.pte", "xnnpack_inline.pte", "two_methods.pte"])
def test_xnnpack_holds_the_same_values_with_channels_last(name, tensors):
    named, found = tensors("external.ptd"), tensors(name)
    axes = {"conv": (0, 2, 3, 1), "depthwise": (1, 2, 3, 0), "up": (1, 2, 3, 0), "head": (0, 1)}
    for (module, _), layer in zip(LAYERS, XNNPACK, strict=True):
        assert np.array_equal(found[f"{layer}.weight"], named[f"{module}.weight"].transpose(axes[module]))
        assert np.array_equal(found[f"{layer}.bias"], named[f"{module}.bias"])
    assert len(found) == len(named)  # the weights of two methods are there once


def test_quantized_weights_and_their_scales(tensors):
    found = tensors("int8_static.pte")
    for (_, shape), layer in zip(LAYERS[:2], ["xnnpack.0.conv.2", "xnnpack.0.depthwise.3"], strict=True):
        assert found[f"{layer}.weight"].dtype == np.int8
        assert found[f"{layer}.bias"].dtype == np.int32
        assert found[f"{layer}.weight.scale"].dtype == np.float32
        assert len(found[f"{layer}.weight.scale"]) == shape[0]
    assert np.abs(found["xnnpack.0.conv.2.weight"].astype(int)).max() == 127


def test_packed_weights_are_bytes(read):
    entries = {entry.name: entry for entry in read(data("four_bits.pte")).entries}
    weight, scale = entries["xnnpack.0.linear.1.weight"], entries["xnnpack.0.linear.1.weight.scale"]
    assert (weight.dtype.name, weight.shape) == ("bytes", (32 * 64 // 2,))
    assert (scale.dtype.name, scale.shape) == ("bfloat16", (32 * 64 // 32,))


def test_channels_last_kernels_are_views_of_what_lies_in_memory(read, values):
    model = read(data("channels_last.pte"))
    first, view = model.entries[:2]
    assert (first.name, first.shape, view.name, view.shape) == ("", (4, 3, 3, 3), "conv.0.weight", (4, 3, 3, 3))
    assert np.array_equal(values(model)["conv.0.weight"], first.array().transpose(0, 3, 1, 2))


def test_norms_are_known_by_their_operators(read):
    model = read(data("normed.pte"))
    found = plan_tensors(model.entries, model.lossless, Options())[0]
    [variance] = [plan for plan in found if plan.variance]
    assert variance.tensor.name == "batch_norm.3.running_var"
    assert {"embedding.0.weight", "layer_norm.1.bias"} <= {plan.tensor.name for plan in found}


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("portable.pte", {"constant.9"}),
        ("counting.pte", {"state.1"}),
        ("four_bits.pte", {"xnnpack.0.linear.1.weight.scale"}),
        ("external.ptd", set()),
    ],
)
def test_what_no_layer_is_trained_for_is_exact(name, exact, read):
    model = read(data(name))
    assert {model.entries[position].name for position in model.lossless} == exact


def test_a_program_without_weights_says_where_they_are(read):
    with pytest.raises(UnsupportedError, match=r"\.ptd"):
        read(data("external.pte"))


@pytest.mark.parametrize("name", ["xnnpack.pte", "external.ptd"])
def test_only_the_tensors_change(name, tmp_path, values):
    """The lossy file is the input with its tensors, found again by reading it, replaced by the decoded ones."""
    frcodec.encode_file(FOLDER / name, tmp_path / "model.frc", options=Options(snr=20))
    frcodec.decode_file(tmp_path / "model.frc", tmp_path / name)
    original, rebuilt = data(name), (tmp_path / name).read_bytes()
    model = read_model(rebuilt, max_bytes=1 << 20)
    decoded = frcodec.load_file(tmp_path / "model.frc")
    assert list(decoded) == [entry.name for entry in model.entries]
    assert all(np.array_equal(array, decoded[key]) for key, array in values(model).items())
    outside = [hole.offset + at for hole in model.skeleton.holes for at in range(hole.length)]
    changed = {at for at, (a, b) in enumerate(zip(original, rebuilt, strict=True)) if a != b}
    assert changed
    assert changed <= set(outside)


def _survives(damaged, rebuilt):
    try:
        model = read_model(damaged, max_bytes=1 << 20)
    except FrcError as error:
        assert str(error)
        return False
    assert rebuilt(model) == damaged
    return True


@pytest.mark.parametrize("name", FILES)
def test_every_truncation(name, rebuilt):
    whole = data(name)
    assert not any(_survives(whole[:end], rebuilt) for end in range(len(whole)))


@pytest.mark.parametrize("name", FILES)
def test_every_damaged_byte(name, rebuilt):
    whole = data(name)
    step = 1 + len(whole) // 3000 * 10  # all bytes of the small files, a regular sample of the larger ones
    for at in range(0, len(whole), step):
        for flip in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[at] ^= flip
            _survives(bytes(damaged), rebuilt)
