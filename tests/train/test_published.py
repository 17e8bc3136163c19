"""Published networks: sparse coefficients imported into a module."""

import io

import numpy as np
import pytest
import scipy.fft
import torch
from nets import net, train

import frcodec
from frcodec import UnsupportedError, UsageError
from frcodec.stages.region import scan_places
from frcodec.train import import_frereg


def published(path, names=("conv.weight", "hidden.weight"), count=20):
    """A file of sparse coefficients for some parameters, and the dense tensors it stands for."""
    random = np.random.default_rng(0)
    sparse, dense = {}, {}
    for name in names:
        shape = tuple(net().get_parameter(name).shape)
        box, places = scan_places(shape, count)
        positions = np.array(np.unravel_index(places, box))
        values = random.standard_normal(count).astype(np.float32)
        sparse[name] = torch.sparse_coo_tensor(torch.tensor(positions), torch.tensor(values), shape).coalesce()
        dense[name] = scipy.fft.idctn(sparse[name].to_dense().numpy().astype(np.float64), norm="ortho")
    torch.save(sparse, path)
    return dense


def of_levels(module):
    """Bytes of the coefficients' levels."""
    report = frcodec.save_model(module, io.BytesIO())
    return sum(tensor.size for tensor in report.tensors if tensor.coding == "levels")


def test_a_module_evaluates_with_the_published_weights(tmp_path):
    dense = published(tmp_path / "net.pt")
    module = net()
    import_frereg(module, tmp_path / "net.pt")
    module.eval()
    for name, expected in dense.items():
        owner, _, attribute = name.rpartition(".")
        found = getattr(module.get_submodule(owner), attribute).detach().numpy()
        assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()


def test_it_can_be_trained_further_for_fewer_bytes(tmp_path):
    published(tmp_path / "net.pt")
    module = net()
    training = import_frereg(module, tmp_path / "net.pt", rate_weight=3e-3, steps=60)
    before = of_levels(module)
    train(module, training, torch.optim.Adam(training.parameter_groups(0.05)), 60)
    assert of_levels(module) < 0.92 * before


def test_encoding_the_file_stores_the_coefficients(tmp_path):
    dense = published(tmp_path / "net.pt")
    report = frcodec.encode_file(tmp_path / "net.pt", tmp_path / "net.frc")
    assert {tensor.name: tensor.kept for tensor in report.tensors} == dict.fromkeys(dense, 20)
    for name, array in frcodec.load_file(tmp_path / "net.frc").items():
        assert np.linalg.norm(array - dense[name]) < 0.02 * np.linalg.norm(dense[name])
    frcodec.decode_file(tmp_path / "net.frc", tmp_path / "dense.pt", to="pt")
    assert set(torch.load(tmp_path / "dense.pt")) == set(dense)


def test_other_shapes_and_names_are_refused(tmp_path):
    published(tmp_path / "net.pt")
    module = net()
    module.hidden = torch.nn.Linear(4, 4)
    with pytest.raises(UsageError, match="'hidden.weight' of shape"):
        import_frereg(module, tmp_path / "net.pt")
    assert not hasattr(module.conv, "parametrizations")
    module.hidden = torch.nn.Identity()
    with pytest.raises(UsageError, match="no such parameter"):
        import_frereg(module, tmp_path / "net.pt")
    torch.save(net().state_dict(), tmp_path / "dense.pt")
    with pytest.raises(UnsupportedError):
        import_frereg(net(), tmp_path / "dense.pt")
