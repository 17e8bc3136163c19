"""Which modules can be regularized: other types, odd layers, shared modules, parts; files stay exact."""

import io

import pytest
import torch
from nets import assert_file_is_exact, net, pictures, saved_module, train
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parametrize

import frcodec
from frcodec import Options, UsageError
from frcodec.train import Rule, dense, regularize, without_statistics
from frcodec.train.rate import file_bytes


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_modules_of_other_types_train_and_save(dtype):
    module = net().to(dtype)
    regularization = regularize(module, rate_weight=1e-4, kept=0.3, steps=10)
    optimizer = torch.optim.SGD(regularization.parameter_groups(0.05))
    x, y = pictures(32)
    for _ in range(8):
        loss = cross_entropy(module(x.to(dtype)).float(), y) + regularization.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        regularization.step()
    assert module.hidden.weight.dtype == dtype
    assert regularization.predicted_bytes() == pytest.approx(file_bytes(module), rel=0.03)
    assert_file_is_exact(module)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_the_type_may_change_later(dtype):
    module = net().eval()
    regularize(module, kept=0.3)
    before = module.hidden.weight.detach()
    module.to(dtype)
    assert module.hidden.weight.dtype == dtype
    assert torch.allclose(module.hidden.weight.float(), before, atol=0.05)
    assert_file_is_exact(module)


def test_small_odd_and_single_layers():
    layers = nn.Sequential(
        nn.Conv1d(4, 6, 3), nn.Conv3d(2, 3, 2), nn.ConvTranspose1d(4, 6, 3), nn.ConvTranspose2d(3, 5, 2),
        nn.ConvTranspose3d(3, 5, 2), nn.LayerNorm((3, 4)), nn.GroupNorm(2, 4), nn.Conv2d(1, 1, 1), nn.Linear(1, 1),
    )  # fmt: skip
    regularize(layers, kept=1.0)
    assert_file_is_exact(layers)
    alone = nn.Linear(20, 10)
    regularize(alone, kept=0.3)
    assert set(frcodec.load_file(saved_module(alone))) == {"weight", "bias"}
    assert_file_is_exact(alone)


def test_what_has_no_frequencies_stays_as_it_is():
    module = nn.Sequential(nn.Linear(4, 4, dtype=torch.complex64), nn.Linear(4, 4))
    module[1].weight = nn.Parameter(torch.zeros(0, 4))
    regularize(module, kept=0.5)
    assert not hasattr(module[0], "parametrizations")
    assert list(module[1].parametrizations) == ["bias"]


def test_zeros_train():
    module = net()
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    regularization = regularize(module, budget=500, steps=10)
    train(module, regularization, torch.optim.Adam(regularization.parameter_groups(0.05)), 8)
    assert_file_is_exact(module)


def test_a_module_used_twice_has_one_set_of_frequencies():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(20, 20)
            self.again = self.first
            self.head = nn.Linear(20, 4)

        def forward(self, x):
            return self.head(self.again(self.first(x)))

    module = Twice()
    regularize(module, kept=0.2)
    assert parametrize.is_parametrized(module.again, "weight")
    assert_file_is_exact(module)
    assert len(saved_module(module)) < 300
    copied, plain = dense(module), Twice()
    assert copied.again is copied.first
    frcodec.load_model(plain, io.BytesIO(saved_module(module)))
    x = torch.randn(3, 20)
    assert torch.equal(plain(x), module(x))


@pytest.mark.parametrize(
    "options",
    [{"lossless": True}, {"keep": ("hidden",)}, {"snr": 20}, {"max_error": 1e-3}, {"rules": ("head=snr=40",)}],
)
def test_options_do_not_change_what_was_trained(options):
    module = net()
    regularize(module, kept=0.3)
    assert_file_is_exact(module, options=Options(**options))


def test_norms_under_several_names_are_all_replaced():
    module = nn.Sequential(nn.BatchNorm2d(4))
    module.add_module("again", module[0])
    without_statistics(module)
    assert [type(child) for child in module] == [nn.GroupNorm, nn.GroupNorm]


def test_parts_may_be_regularized_one_after_the_other():
    module = nn.Sequential(nn.Linear(200, 200), nn.Linear(200, 4))
    regularize(module, kept=5e-4, rules=[Rule(r"^1", dense=True)])
    regularize(module, kept=0.1, rules=[Rule(r"^0", dense=True)])
    with pytest.raises(UsageError, match="no layer left"):
        regularize(module, kept=0.1)
    assert len(saved_module(module)) < 1200
    assert_file_is_exact(module)
    late = nn.Sequential(nn.Linear(200, 200), nn.Linear(200, 4))
    regularize(late[0], kept=5e-4)
    assert "of 1000 bytes" in regularize(late, budget=1000, steps=9).progress()
