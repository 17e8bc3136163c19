"""Regularized modules that are copied, averaged, checkpointed, compiled, or changed without autograd."""

import copy
import io

import numpy as np
import pytest
import torch
from nets import assert_file_is_exact, net, pictures, train
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import frcodec
from frcodec import UsageError
from frcodec.train import dense, import_frereg, regularize
from frcodec.train.rate import file_bytes


def coefficients(module):
    return module.hidden.parametrizations.weight.original


def test_copies_train_on_their_own():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=10)
    module.eval()(pictures(2)[0])
    before = module.hidden.weight.detach().clone()
    copied, its_regularization = copy.deepcopy((module, regularization))
    train(copied, its_regularization, torch.optim.Adam(its_regularization.parameter_groups(0.05)), 4)
    assert torch.equal(module.hidden.weight, before)
    assert not torch.equal(copied.eval().hidden.weight, before)
    assert its_regularization.predicted_bytes() == pytest.approx(file_bytes(copied), rel=0.03)
    assert_file_is_exact(copied)


def test_averaged_modules_are_their_files():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=10)
    average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    optimizer = torch.optim.Adam(regularization.parameter_groups(0.05))
    for _ in range(4):
        train(module, regularization, optimizer, 2)
        average.update_parameters(module)
        assert_file_is_exact(average.module)


def test_evaluation_notices_changes_without_autograd():
    module = net().eval()
    regularize(module, kept=0.3)
    before = module.hidden.weight.detach().clone()
    coefficients(module).data.mul_(-1)
    assert torch.allclose(module.hidden.weight, -before)


def test_weights_seen_in_inference_mode_can_be_differentiated_through_later():
    module = net().eval().requires_grad_(False)
    regularize(module, kept=0.3)
    x, _ = pictures(2)
    with torch.inference_mode():
        module(x)
    x.requires_grad_()
    module(x).sum().backward()
    assert x.grad.abs().sum() > 0


def test_prices_follow_parameters_that_a_checkpoint_replaces():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=100)
    module.load_state_dict(copy.deepcopy(module.state_dict()), assign=True)
    nn.init.zeros_(coefficients(module))
    regularization.step()
    regularization.step()
    assert regularization.predicted_bytes() == pytest.approx(file_bytes(module), rel=0.03)


def test_weight_decay_leaves_steps_alone():
    module = net()
    regularization = regularize(module, kept=0.1, rate_weight=1e-9, steps=1000)
    log_step = module.hidden.parametrizations.weight[0].log_step
    optimizer = torch.optim.AdamW(regularization.parameter_groups(0.0), weight_decay=0.5)
    optimizer.param_groups[1]["lr"] = 1.0
    before = log_step.item()
    log_step.grad = torch.zeros_like(log_step)
    optimizer.step()
    assert log_step.item() == before


def test_checkpoints_are_model_files_like_others(tmp_path):
    module = net()
    regularize(module, kept=0.3)
    torch.save(module.state_dict(), tmp_path / "checkpoint.pt")
    frcodec.encode_file(tmp_path / "checkpoint.pt", tmp_path / "checkpoint.frc")
    frcodec.decode_file(tmp_path / "checkpoint.frc", tmp_path / "rebuilt.pt")
    module.load_state_dict(torch.load(tmp_path / "rebuilt.pt", weights_only=True))
    assert_file_is_exact(module)


def test_dense_copies_are_ordinary_modules():
    module = net()
    regularize(module, kept=0.3)
    plain = dense(module)
    x, _ = pictures(4)
    expected = module.eval()(x)
    file = io.BytesIO()
    torch.save(plain, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x), expected)
    assert torch.equal(torch.export.export(plain, (x,)).module()(x), expected)
    regularize(plain, kept=0.2)
    assert_file_is_exact(plain)
    module.train()(x).sum().backward()


def test_published_networks_take_the_same_goals(tmp_path):
    path = tmp_path / "net.pt"
    lowest = torch.zeros(4, 24)
    lowest[:2, :2] = 1
    torch.save({"head.weight": lowest.to_sparse()}, path)
    module = net()
    with pytest.raises(UsageError, match="steps="):
        import_frereg(module, path, budget=900)
    assert "of 20000 bytes" in import_frereg(module, path, budget="20 kB", steps=9).progress()


@pytest.mark.parametrize("log_step", np.linspace(-8, -7.9, 5))
def test_rounding_is_to_the_step_of_the_file(log_step):
    module = net()
    regularize(module, kept=1.0)
    module.hidden.parametrizations.weight[0].log_step.data.fill_(log_step)
    error = module.eval().hidden.weight.detach() - net().hidden.weight.detach()
    step = np.exp(log_step) * module.hidden.parametrizations.weight[0].gain
    assert error.square().mean().sqrt().item() == pytest.approx(step / 12**0.5, rel=0.05)


def test_compiled_steps_do_not_compute_the_basis_again():
    torch.compiler.reset()  # graphs of other tests count against the same limits
    graphs = []

    def keep(graph, inputs):
        graphs.append(graph)
        return graph.forward

    module = nn.Linear(20, 10)
    regularize(module, kept=0.3)
    torch.compile(module, backend=keep)(torch.randn(2, 20)).sum().backward()
    called = {node.target for graph in graphs for node in graph.graph.nodes}
    assert torch.matmul in called
    assert torch.cos not in called
