"""Regularized modules at the edges: other types, moved, copied, averaged, shared, diverged, and goals out of reach."""

import copy
import io

import numpy as np
import pytest
import torch
from nets import net, pictures, train
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parametrize
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import frcodec
from frcodec import Options, UsageError
from frcodec.constants import Code
from frcodec.train import Rule, dense, import_frereg, regularize, without_statistics
from frcodec.train.rate import file_bytes


def saved(module, **options):
    out = io.BytesIO()
    frcodec.save_model(module, out, **options)
    return out.getvalue()


def assert_exact(module, **options):
    """The file decodes to what the module evaluates with, bit for bit."""
    module.eval()
    for name, array in frcodec.load_file(saved(module, **options)).items():
        owner, _, attribute = name.rpartition(".")
        mine = getattr(module.get_submodule(owner), attribute).detach()
        mine = mine.float() if mine.dtype == torch.bfloat16 else mine
        assert np.array_equal(array, mine.numpy()), name


def coefficients(module):
    return module.hidden.parametrizations.weight.original


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
    assert_exact(module)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_the_type_may_change_later(dtype):
    module = net().eval()
    regularize(module, kept=0.3)
    before = module.hidden.weight.detach()
    module.to(dtype)
    assert module.hidden.weight.dtype == dtype
    assert torch.allclose(module.hidden.weight.float(), before, atol=0.05)
    assert_exact(module)


def test_small_odd_and_single_layers():
    layers = nn.Sequential(
        nn.Conv1d(4, 6, 3), nn.Conv3d(2, 3, 2), nn.ConvTranspose1d(4, 6, 3), nn.ConvTranspose2d(3, 5, 2),
        nn.ConvTranspose3d(3, 5, 2), nn.LayerNorm((3, 4)), nn.GroupNorm(2, 4), nn.Conv2d(1, 1, 1), nn.Linear(1, 1),
    )  # fmt: skip
    regularize(layers, kept=1.0)
    assert_exact(layers)
    alone = nn.Linear(20, 10)
    regularize(alone, kept=0.3)
    assert set(frcodec.load_file(saved(alone))) == {"weight", "bias"}
    assert_exact(alone)


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
    assert_exact(module)


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
    assert_exact(module)
    assert len(saved(module)) < 300
    copied, plain = dense(module), Twice()
    assert copied.again is copied.first
    frcodec.load_model(plain, io.BytesIO(saved(module)))
    x = torch.randn(3, 20)
    assert torch.equal(plain(x), module(x))


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
    assert_exact(copied)


def test_averaged_modules_are_their_files():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=10)
    average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    optimizer = torch.optim.Adam(regularization.parameter_groups(0.05))
    for _ in range(4):
        train(module, regularization, optimizer, 2)
        average.update_parameters(module)
        assert_exact(average.module)


def test_evaluation_notices_changes_behind_autograds_back():
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


@pytest.mark.parametrize("value", [1e7, 1e12, float("inf"), float("nan")])
@pytest.mark.parametrize("attribute", ["weight", "bias"])
def test_diverged_training_is_said_not_stored(value, attribute):
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=9)
    module.hidden.parametrizations[attribute].original.data[3] = value
    for ask in (
        regularization.penalty,
        regularization.progress,
        lambda: saved(module),
        lambda: getattr(module.eval().hidden, attribute),
    ):
        with pytest.raises(UsageError, match="diverged") as error:
            ask()
        assert error.value.code == Code.BAD_TENSOR


@pytest.mark.parametrize(
    "options",
    [{"lossless": True}, {"keep": ("hidden",)}, {"snr": 20}, {"max_error": 1e-3}, {"rules": ("head=snr=40",)}],
)
def test_options_do_not_change_what_was_trained(options):
    module = net()
    regularize(module, kept=0.3)
    assert_exact(module, options=Options(**options))


def test_files_are_not_loaded_into_regularized_modules():
    module = net()
    regularize(module, kept=0.3)
    data = saved(module)
    with pytest.raises(UsageError, match="ordinary module"):
        frcodec.load_model(module, io.BytesIO(data))
    assert frcodec.load_model(dense(module), io.BytesIO(data)) == []
    with pytest.raises(UsageError, match="as it was trained"):
        saved(module, score=lambda _: 1.0, max_drop=0.1)


def test_a_second_parametrization_is_refused():
    module = net()
    regularize(module, kept=0.3)
    nn.utils.parametrizations.spectral_norm(module.hidden)
    with pytest.raises(UsageError, match=r"'hidden\.weight' is regularized and parametrized again"):
        saved(module)


def test_state_that_is_no_tensor_is_refused():
    class Stateful(nn.Linear):
        def get_extra_state(self):
            return {"calls": 1}

    module = nn.Sequential(Stateful(3, 3))
    with pytest.raises(UsageError, match=r"'0\._extra_state' is a dict"):
        regularize(module, kept=1.0)
    assert not hasattr(module[0], "parametrizations")


def test_checkpoints_are_model_files_like_others(tmp_path):
    module = net()
    regularize(module, kept=0.3)
    torch.save(module.state_dict(), tmp_path / "checkpoint.pt")
    frcodec.encode_file(tmp_path / "checkpoint.pt", tmp_path / "checkpoint.frc")
    frcodec.decode_file(tmp_path / "checkpoint.frc", tmp_path / "rebuilt.pt")
    module.load_state_dict(torch.load(tmp_path / "rebuilt.pt", weights_only=True))
    assert_exact(module)


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
    assert_exact(plain)
    module.train()(x).sum().backward()


def test_norms_under_several_names_are_all_replaced():
    module = nn.Sequential(nn.BatchNorm2d(4))
    module.add_module("again", module[0])
    without_statistics(module)
    assert [type(child) for child in module] == [nn.GroupNorm, nn.GroupNorm]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"budget": 60, "steps": 100}, "without any coefficient the file has"),
        ({"rate_weight": -1.0, "kept": 0.3, "steps": 9}, "cannot weigh -1.0"),
        ({"rate_weight": float("nan"), "kept": 0.3, "steps": 9}, "cannot weigh nan"),
        ({"rules": [Rule("conv", kept=0.3)]}, "How much of hidden.weight"),
    ],
)
def test_a_refused_module_stays_as_it_was(options, said):
    module = net()
    with pytest.raises(UsageError, match=said):
        regularize(module, **options)
    assert not any(parametrize.is_parametrized(owner) for owner in module.modules())


def test_parts_may_be_regularized_one_after_the_other():
    module = nn.Sequential(nn.Linear(200, 200), nn.Linear(200, 4))
    regularize(module, kept=5e-4, rules=[Rule(r"^1", dense=True)])
    regularize(module, kept=0.1, rules=[Rule(r"^0", dense=True)])
    with pytest.raises(UsageError, match="no layer left"):
        regularize(module, kept=0.1)
    assert len(saved(module)) < 1200
    assert_exact(module)
    late = nn.Sequential(nn.Linear(200, 200), nn.Linear(200, 4))
    regularize(late[0], kept=5e-4)
    assert "of 1000 bytes" in regularize(late, budget=1000, steps=9).progress()


def test_weights_that_are_not_there_are_refused():
    with torch.device("meta"):
        module = net()
    with pytest.raises(UsageError, match="meta device"):
        regularize(module, kept=0.3)
    module = net()
    nn.init.constant_(module.conv.weight, float("nan"))
    with pytest.raises(UsageError, match=r"conv\.weight holds NaN"):
        regularize(module, kept=0.3)
    module = net()
    regularize(module, kept=0.3)
    with pytest.raises(UsageError, match="no layer left"):
        regularize(module, kept=0.3)


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
    torch.compiler.reset()  # what other tests compiled counts against the same limits
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
