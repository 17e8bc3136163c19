"""A regularized parameter: its weight in training and evaluation, its file, and its gradients."""

import io

import numpy as np
import pytest
import torch
from nets import net, pictures, train
from torch import nn
from torch.nn.utils import parametrize

import frcodec
from frcodec.pytorch.basis import forward, inverse
from frcodec.pytorch.frequencies import Frequencies
from frcodec.stages.region import Box, Scan
from frcodec.stages.transform import Transform
from frcodec.stages.transform import forward as exact_forward
from frcodec.train import Rule, dense, regularize


def saved(module):
    out = io.BytesIO()
    report = frcodec.save_model(module, out)
    return out.getvalue(), report


@pytest.mark.parametrize("shape", [(7,), (5, 6), (4, 3, 3), (6, 5, 3, 2)])
def test_the_basis_is_the_codecs(shape):
    values = torch.randn(shape, dtype=torch.float64)
    axes = tuple(range(len(shape)))
    found = forward(values, axes)
    assert np.allclose(found.numpy(), exact_forward(values.numpy(), Transform(axes)))
    assert torch.allclose(inverse(found, shape, axes), values)
    corner = found[tuple(slice(0, 2) for _ in shape)]
    padded = torch.zeros(shape, dtype=torch.float64)
    padded[tuple(slice(0, 2) for _ in shape)] = corner
    assert torch.allclose(inverse(corner, shape, axes), inverse(padded, shape, axes))


@pytest.mark.parametrize("region", [Scan(60), Box((4, 3, 3, 2))])
def test_energy_is_kept_at_the_start(region):
    weight = torch.randn(12, 10, 3, 3)
    frequencies = Frequencies(weight, weight.shape, (0, 1, 2, 3), region, region.count, 1 / 64)
    coefficients = frequencies.right_inverse(weight)
    assert coefficients.shape == (region.count,)
    assert coefficients.square().mean().sqrt().item() == pytest.approx(1, rel=1e-5)
    frequencies.eval()
    assert frequencies(coefficients).square().mean().item() == pytest.approx(weight.square().mean().item(), rel=0.01)


def test_all_coefficients_with_fine_steps_are_the_dense_weight():
    weight = torch.randn(6, 5, 3, 3)
    frequencies = Frequencies(weight, weight.shape, (0, 1, 2, 3), Scan(weight.numel()), 1, 2.0**-12).eval()
    assert torch.allclose(frequencies(frequencies.right_inverse(weight)), weight, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_file_decodes_to_what_evaluation_sees(seed):
    module = net(seed)
    rules = [Rule("hidden.weight", view=(24, 8, 4, 4)), Rule("conv", kept=(3, 1, 2, 3)), Rule("head.bias", dense=True)]
    regularization = regularize(module, rules=rules, budget=400, steps=40)
    train(module, regularization, torch.optim.Adam(regularization.parameter_groups(0.05)), 25 + 10 * seed)
    data, report = saved(module.eval())
    loaded = frcodec.load_file(data)
    ordinary = net()
    assert set(loaded) == set(ordinary.state_dict())
    for name, array in loaded.items():
        owner, _, attribute = name.rpartition(".")
        weight = getattr(module.get_submodule(owner), attribute).detach().numpy()
        assert np.array_equal(array, weight), name
    assert frcodec.load_model(ordinary, io.BytesIO(data)) == []
    x, _ = pictures(64)
    with torch.no_grad():
        assert torch.equal(ordinary.eval()(x), module(x))
    assert [t.coding for t in report.tensors if t.name == "hidden.weight"] == ["view"]


def test_training_evaluation_and_the_gradient_agree_where_the_step_is_final():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=10)
    train(module, regularization, torch.optim.SGD(module.parameters(), 0.01), 9)
    weights = {}
    for mode in (True, False):
        module.train(mode)
        module.zero_grad()
        weight = module.hidden.weight
        (weight * torch.arange(weight.numel()).reshape(weight.shape)).sum().backward()
        weights[mode] = weight.detach(), module.hidden.parametrizations.weight.original.grad.clone()
    assert torch.allclose(weights[True][0], weights[False][0], atol=1e-6)
    assert torch.allclose(weights[True][1], weights[False][1], rtol=1e-4)


def test_evaluation_notices_every_change():
    module = net().eval()
    regularize(module, kept=0.3)
    with torch.no_grad():
        before = module.hidden.weight.clone()
        assert module.hidden.weight.data_ptr() == module.hidden.weight.data_ptr()
        module.hidden.parametrizations.weight.original.mul_(-1)
    assert torch.allclose(module.hidden.weight, -before)


def test_dense_copies_script_and_are_independent():
    module = net()
    regularize(module, kept=0.3)
    copy = dense(module)
    x, _ = pictures(16)
    scripted = torch.jit.script(copy)
    with torch.no_grad():
        assert torch.equal(scripted(x), module.eval()(x))
    assert not any(parametrize.is_parametrized(owner) for owner in copy.modules())
    assert parametrize.is_parametrized(module.hidden)


def test_other_parametrizations_stay_as_they_are():
    module = nn.Sequential(nn.Linear(20, 20), nn.Linear(20, 4))
    nn.utils.parametrizations.weight_norm(module[0])
    regularize(module, kept=0.5, rules=[Rule(r"^0\.", dense=True)])
    data, _ = saved(module)
    assert "0.parametrizations.weight.original1" in frcodec.load_file(data)
    assert "1.weight" in frcodec.load_file(data)
