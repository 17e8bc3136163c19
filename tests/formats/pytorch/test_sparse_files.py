"""Published files of frequency regularization: sparse tensors that are recognized as DCT coefficients."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import scipy.fft
import torch
from sparse_tensors import LIMIT, scan, sparse

from frcodec import Options, decode_file, encode_file, open_file
from frcodec.constants import Code
from frcodec.errors import CorruptError, UnsupportedError
from frcodec.formats.read import read_model, read_sparse
from frcodec.report.verify import verify_file
from frcodec.stages.region import Box, Scan
from frcodec.stages.spectral import DctTensor

SHAPES = {"inc.weight": (8, 3, 3, 3), "body.weight": (16, 8, 3, 3), "head.weight": (2, 16, 1, 1)}
COUNTS = {"inc.weight": 10, "body.weight": 33, "head.weight": 12}


@pytest.fixture
def state():
    """Coefficients in scan order, and the state dictionary that holds them, its positions in another order."""
    random = np.random.default_rng(1)
    values = {name: random.normal(size=count).astype(np.float32) for name, count in COUNTS.items()}
    tensors = {}
    for name, shape in SHAPES.items():
        order = random.permutation(COUNTS[name])
        tensors[name] = sparse([scan(shape, COUNTS[name])[i] for i in order], values[name][order], shape)
    return values, tensors


def dense(state):
    """What the state dictionary means."""
    return {name: scipy.fft.idctn(tensor.to_dense().double().numpy(), norm="ortho") for name, tensor in state.items()}


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
@pytest.mark.parametrize("nested", [False, True])
def test_coefficients_of_a_published_file(state, save, options, nested):
    values, tensors = state
    data = save({"state_dict": tensors, "epoch": 7} if nested else tensors, **options)
    found = read_sparse(data)
    prefix = "state_dict." if nested else ""
    assert [entry.name for entry in found] == [prefix + name for name in SHAPES]
    for entry, (name, shape) in zip(found, SHAPES.items(), strict=True):
        assert (entry.shape, entry.dtype.name, entry.transform.axes) == (shape, "float32", tuple(range(len(shape))))
        assert entry.region == Scan(COUNTS[name]) and entry.code is None
        assert entry.coefficients.tolist() == values[name].tolist()
        np.testing.assert_allclose(entry.array(), dense(tensors)[name], atol=1e-6)
    model = read_model(data, max_bytes=LIMIT)
    assert model.skeleton is None and model.lossless == frozenset()
    assert [entry.name for entry in model.entries] == [entry.name for entry in found]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_float_type_keeps_its_values(save, dtype):
    values = torch.randn(9, dtype=torch.float64).to(dtype)
    [entry] = read_sparse(save({"w": sparse(scan((9, 9), 9), values, (9, 9))}))
    assert entry.dtype.name == str(dtype).removeprefix("torch.")
    assert entry.coefficients.tolist() == values.double().tolist()


def test_a_box_and_holes_in_a_prefix(save):
    corner = list(itertools.product(range(6), range(2)))
    values = np.arange(1.0, 13)
    [entry] = read_sparse(save({"w": sparse(corner, values, (20, 20))}))
    assert entry.region == Box((6, 2))
    assert entry.coefficients.tolist() == values.tolist()
    positions = scan((20, 20), 20)
    holed = [p for p in positions if p != positions[3]]
    [entry] = read_sparse(save({"w": sparse(holed, np.ones(19), (20, 20))}))
    assert entry.region == Scan(20)
    assert np.flatnonzero(entry.coefficients == 0).tolist() == [3]


def test_no_values_at_all(save):
    empty, some = sparse([], np.zeros(0), (5, 5)), sparse([(0, 0)], np.ones(1), (5, 5))
    out = io.BytesIO()
    encode_file(io.BytesIO(save({"empty": empty, "some": some})), out)
    with open_file(out.getvalue()) as file:
        assert not file["empty"].any()
        np.testing.assert_allclose(file["some"], np.full((5, 5), 0.2), rtol=0.1)


def test_values_at_one_position_add_up_unless_the_tensor_is_coalesced(save):
    positions, values = [(0, 0), (0, 1), (0, 0)], np.array([1.0, 2.0, 4.0])
    loose = sparse(positions, values, (6, 6))
    assert not loose.is_coalesced()
    [entry] = read_sparse(save({"w": loose}))
    assert entry.coefficients.tolist() == [5.0, 2.0]
    with pytest.raises(CorruptError, match="twice") as error:
        read_sparse(save({"w": sparse(positions, values, (6, 6), is_coalesced=True)}))
    assert error.value.code == Code.BAD_MODEL


def test_encoded_and_decoded(state, save, tmp_path):
    _, tensors = state
    (tmp_path / "net.pt").write_bytes(save(tensors))
    report = encode_file(tmp_path / "net.pt", tmp_path / "net.frc", options=Options(snr=40))
    assert report.snr is not None and report.snr > 39.9
    assert report.file_bytes == (tmp_path / "net.frc").stat().st_size < 400
    decode_file(tmp_path / "net.frc", tmp_path / "dense.pt", to="pt")
    decoded = torch.load(tmp_path / "dense.pt", weights_only=True)
    assert list(decoded) == list(tensors)
    wanted = dense(tensors)
    noise = sum(float(np.square(decoded[name].numpy() - wanted[name]).sum()) for name in decoded)
    energy = sum(float(np.square(array).sum()) for array in wanted.values())
    assert 10 * np.log10(energy / noise) > 39.5
    verified = verify_file(tmp_path / "net.frc", tmp_path / "net.pt")
    assert verified.matches is not None and [m.name for m in verified.matches] == list(tensors)
    assert not any(match.difference for match in verified.matches)


def test_lossless_keeps_the_sparse_file_byte_for_byte(state, save, tmp_path):
    (tmp_path / "net.pt").write_bytes(save(state[1]))
    encode_file(tmp_path / "net.pt", tmp_path / "net.frc", options=Options(lossless=True))
    decode_file(tmp_path / "net.frc", tmp_path / "again.pt")
    assert (tmp_path / "again.pt").read_bytes() == (tmp_path / "net.pt").read_bytes()


def other_files():
    """What holds sparse tensors, but no coefficients: sentences of the refusal, and the states."""
    low, ones = scan((9, 9), 9), np.ones(9)
    diagonal = [(i, i) for i in range(9)]
    whole = scan((3, 3), 9)
    good = sparse(low, ones, (9, 9))
    yield "not a sparse tensor of weights", {"w": good, "bias": torch.ones(3)}
    yield "scattered", {"w": good, "pruned": sparse(diagonal, ones, (9, 9))}
    yield "scattered", {"w": sparse([(4000,)], ones[:1], (4001,))}
    yield "hybrid", {"w": sparse(low, torch.ones(9, 2), (9, 9, 2))}
    yield "int64", {"w": sparse(low, torch.ones(9, dtype=torch.int64), (9, 9))}
    yield "complex64", {"w": sparse(low, torch.ones(9, dtype=torch.complex64), (9, 9))}
    yield "NaN", {"w": sparse(low, ones * np.nan, (9, 9))}
    yield "not a small part", {"w": sparse(whole, ones, (3, 3))}
    yield "axes have", {"w": sparse([(0, 0)], ones[:1], (5000, 3))}
    yield "axes have", {"w": good, "none": sparse([], ones[:0], (0, 3))}
    yield "no sparse tensor", {"w": torch.ones(3)}
    yield "not a sparse tensor", {"w": torch.eye(3).to_sparse_csr()}


@pytest.mark.parametrize(("why", "tensors"), list(other_files()))
def test_other_sparse_files_are_read_as_they_are(why, tensors, save, lossless):
    data = save(tensors)
    with pytest.raises(UnsupportedError, match=why) as error:
        read_sparse(data)
    assert error.value.code == Code.UNSUPPORTED_MODEL
    assert not any(isinstance(entry, DctTensor) for entry in lossless(data).entries)


def damaged_tensors():
    """Sentences, and tensors that PyTorch would refuse when it loads them."""
    ones = np.ones(3)
    yield "outside", sparse([(0, 0), (0, 1), (9, 0)], ones, (9, 9))
    yield "outside", sparse([(0, 0), (0, 1), (0, 1 << 40)], ones, (9, 9))
    yield "outside", sparse([(0, 0), (0, 1), (0, -1)], ones, (9, 9))
    yield "outside", sparse([(0, 0), (0, 1), (0, -(1 << 63))], ones, (9, 9))


@pytest.mark.parametrize(("why", "tensor"), list(damaged_tensors()))
def test_positions_outside_are_refused(why, tensor, save):
    for read in (read_sparse, lambda data: read_model(data, max_bytes=LIMIT)):
        with pytest.raises(CorruptError, match=why) as error:
            read(save({"w": tensor}))
        assert error.value.code == Code.BAD_MODEL
