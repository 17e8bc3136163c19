"""Regularization of a module: selection, truncation, bytes, checkpoints."""

import io
import re

import numpy as np
import pytest
import torch
from nets import net, train
from torch import nn

import frcodec
from frcodec import UsageError
from frcodec.train import Direct, Geometric, LogLinear, Rule, regularize
from frcodec.train.rate import file_bytes


def adam(regularization):
    return torch.optim.Adam(regularization.parameter_groups(0.05))


def counts(module):
    out = io.BytesIO()
    return {tensor.name: tensor.kept for tensor in frcodec.save_model(module, out).tensors}


def test_a_budget_is_met_and_the_counts_are_found():
    module = net()
    regularization = regularize(module, budget="500 B", steps=400)
    losses = train(module, regularization, adam(regularization), 400)
    assert 400 < file_bytes(module) <= 500
    assert np.mean(losses[-20:]) < 0.2
    assert counts(module)["hidden.weight"] < 3072


@pytest.mark.parametrize("done", [13, 60, 95, 140])
def test_predicted_bytes_are_near_the_real_ones(done):
    module = net()
    regularization = regularize(module, budget=700, steps=150)
    train(module, regularization, adam(regularization), done)
    assert regularization.predicted_bytes() == pytest.approx(file_bytes(module), rel=0.03)


def test_the_penalty_is_the_bytes_times_their_weight_and_has_gradients():
    module = net()
    regularization = regularize(module, kept=0.2, rate_weight=1e-3, steps=10)
    train(module, regularization, adam(regularization), 8)
    module.zero_grad()
    penalty = regularization.penalty()
    assert penalty.item() == pytest.approx(1e-3 * file_bytes(module), rel=0.03)
    penalty.backward()
    coefficients = module.hidden.parametrizations.weight.original
    assert (coefficients.grad * coefficients).sum() > 0  # smaller ones take fewer bytes


def test_a_larger_weight_makes_a_smaller_file():
    sizes = []
    for weight in (1e-5, 1e-2):
        module = net()
        regularization = regularize(module, kept=0.2, rate_weight=weight, steps=150)
        train(module, regularization, adam(regularization), 150)
        sizes.append(file_bytes(module))
    assert sizes[1] < 0.7 * sizes[0]


def test_without_a_rate_weight_steps_are_not_learned():
    module = net()
    regularization = regularize(module, kept=0.1)
    before = module.hidden.parametrizations.weight[0].log_step.item()
    train(module, regularization, adam(regularization), 5)
    assert module.hidden.parametrizations.weight[0].log_step.item() == before
    assert regularization.penalty().item() == 0


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        (Geometric(0.5), [1, 0.55, 0.325, 0.2125]),
        (LogLinear(2), [1, 0.1**0.5, 0.1, 0.1]),
        (Direct(), [0.1, 0.1, 0.1, 0.1]),
    ],
)
def test_schedules_truncate_the_tail_step_by_step(schedule, shares):
    assert [schedule.share(step, 0.1) for step in range(4)] == pytest.approx(shares)
    module = net()
    regularization = regularize(module, kept=0.1, schedule=schedule)
    chain = module.hidden.parametrizations.weight
    for share in shares:
        assert chain[0].kept == max(307, round(share * 3072))
        module.eval()
        module.train()
        regularization.step()
    points = chain[0].in_file_order(chain[0].points(chain.original))
    assert not points[chain[0].kept :].any()


def test_a_schedule_starts_with_the_dense_weights():
    module, plain = net(), net()
    regularize(module, kept=0.1, schedule=LogLinear(10))
    difference = module.eval().hidden.weight - plain.hidden.weight
    assert difference.square().mean() < 0.01 * plain.hidden.weight.square().mean()


def test_resuming_gives_the_same_run():
    def start():
        module = net()
        regularization = regularize(module, budget=700, steps=60, schedule=Geometric(0.1))
        return module, regularization, adam(regularization)

    module, regularization, optimizer = start()
    train(module, regularization, optimizer, 33)
    checkpoint = io.BytesIO()
    state = {"m": module.state_dict(), "r": regularization.state_dict(), "o": optimizer.state_dict()}
    torch.save(state, checkpoint)
    expected = train(module, regularization, optimizer, 20, seed=1)
    checkpoint.seek(0)
    state = torch.load(checkpoint, weights_only=True)
    module, regularization, optimizer = start()
    module.load_state_dict(state["m"])
    regularization.load_state_dict(state["r"])
    optimizer.load_state_dict(state["o"])
    assert train(module, regularization, optimizer, 20, seed=1) == expected


def test_a_checkpoint_of_another_training_is_refused():
    state = regularize(net(), budget=700, steps=60).state_dict()
    with pytest.raises(UsageError, match="for 700 bytes in 60 steps"):
        regularize(net(), budget=900, steps=60).load_state_dict(state)


def test_excluded_layers_are_lossless():
    module = net()
    regularize(module, kept=0.1, rules=[Rule("head", dense=True)])
    out = io.BytesIO()
    report = frcodec.save_model(module, out)
    assert {t.name for t in report.tensors if t.coding == "lossless"} >= {"head.weight", "head.bias"}
    assert np.array_equal(frcodec.load_file(out.getvalue())["head.weight"], module.head.weight.detach().numpy())


def test_tied_parameters_stay_tied():
    module = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 4))
    module[1].weight = module[0].weight
    regularize(module, kept=0.5)
    assert module[1].weight is module[0].weight
    assert "weight" in module[2].parametrizations


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "How much of conv.weight is kept"),
        ({"budget": "9 bananas", "steps": 1}, "9 bananas"),
        ({"budget": 900}, "give steps="),
        ({"budget": 900, "rate_weight": 1.0, "steps": 3}, "either"),
        ({"kept": 0.1, "rules": [Rule("nothing")]}, "'nothing'"),
        ({"kept": 0.1, "rules": [Rule("hidden.weight", view=(24, 100))]}, "cannot be seen as"),
        ({"kept": 0.1, "rules": [Rule("hidden.weight", kept=(3, 200))]}, "cannot be kept"),
        ({"kept": 0.1, "rules": [Rule("hidden.weight", kept=0)]}, "cannot be kept"),
        ({"kept": 0.1, "rules": [Rule("hidden.weight", kept=(3, 3))], "schedule": Direct()}, "not a box"),
        ({"kept": 1.5}, "share"),
    ],
)
def test_invalid_arguments_are_refused(options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        regularize(net(), **options)


def test_progress_names_the_bytes():
    regularization = regularize(net(), budget=900, steps=10)
    assert re.fullmatch(r"\d+ of 900 bytes, \d+ coefficients, \S+ a byte", regularization.progress())
