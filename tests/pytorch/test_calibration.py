"""Calibration measures the sensitivity of the output, for all kinds of modules, and refuses inputs that do not fit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from nets import numbers, seeded
from torch import Tensor, nn
from torch.nn import functional

import frcodec
from frcodec import Code, Sensitivity, UsageError


class Network(nn.Module):
    """Every kind of layer whose moments are measured, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 5, stride=2, padding=3, dilation=2)
        self.image = nn.Conv2d(1, 6, (3, 2), stride=(2, 1), padding=(1, 0))
        self.linear = nn.Linear(6, 7)
        self.lstm = nn.LSTM(7, 5, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.image(self.conv(x).relu()[:, None])
        z = self.linear(y.mean(2).transpose(1, 2))
        return self.lstm(z.tanh())[0], y


def calibrated(module: nn.Module, *batches: object, **options: int) -> dict[str, Sensitivity]:
    return dict(frcodec.calibrate(module, batches, **options).tensors)


# Rows


class Linear2(nn.Module):
    """Two convolutions and a linear layer without anything between: every weight's error is linear in the output."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2, 3, 3, padding=1, stride=2)
        self.second = nn.Conv1d(3, 4, 2)
        self.last = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.second(self.first(x)).transpose(1, 2))


def test_rows_are_the_squared_change_of_the_output_by_errors_in_them():
    module, x = seeded(Linear2), numbers(2, 2, 11)
    found = calibrated(module, x, projections=3000)
    with torch.no_grad():
        before = module(x)
        for name, weight in module.named_parameters():
            if weight.ndim < 2:
                continue
            changes = torch.zeros(weight.shape)
            for index in np.ndindex(*weight.shape):
                weight[index] += 1
                changes[index] = (module(x) - before).square().sum()
                weight[index] -= 1
            expected = changes.reshape(len(weight), -1).mean(1).numpy()
            assert np.allclose(found[name].rows, expected, rtol=0.15), name


def test_one_sample_and_one_layer_leave_nothing_to_chance():
    module, x = seeded(lambda: nn.Linear(6, 4)), numbers(1, 6)
    assert np.allclose(calibrated(module, x)["weight"].rows, float(x.square().mean()))


def test_the_signal_is_what_varies_of_the_output():
    module = seeded(lambda: nn.Linear(6, 4))
    batches = [numbers(5, 6, seed=seed) for seed in range(3)]
    outputs = [module(batch).detach().double() for batch in batches]
    expected = sum(float((y - y.mean(0)).square().sum()) for y in outputs)
    assert frcodec.calibrate(module, batches).signal == pytest.approx(expected, rel=1e-5)


class Several(nn.Module):
    """Outputs of all kinds, one without axes."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> dict[str, object]:
        y = self.inner(x)
        return {"loss": y.square().mean(), "both": [y, (y.argmax(1),)], "text": "said", "fixed": x}


def test_outputs_without_axes_vary_by_nothing():
    module, x = seeded(Several), numbers(5, 6)
    found = frcodec.calibrate(module, [x])
    alone = frcodec.calibrate(module.inner, [x])
    assert found.signal == pytest.approx(alone.signal, rel=1e-6)
    assert (found.tensors["inner.weight"].rows > 0).all()


# All kinds of modules


@pytest.mark.parametrize("method", ["script", "trace"])
def test_torchscript_is_calibrated_as_the_module_it_was_made_of(method):
    """With several batches: TorchScript optimizes a module after its first runs."""
    module, batches = seeded(Network), [numbers(4, 3, 40, seed=seed) for seed in range(3)]
    made = torch.jit.script(module) if method == "script" else torch.jit.trace(module, batches[0])
    stored = io.BytesIO()
    torch.jit.save(made, stored)
    expected = frcodec.calibrate(module, batches)
    for each in (made, torch.jit.load(io.BytesIO(stored.getvalue())).eval()):
        found = frcodec.calibrate(each, batches)
        assert found.signal == pytest.approx(expected.signal, rel=1e-5)
        assert found.tensors.keys() == expected.tensors.keys()
        for name, sensitivity in expected.tensors.items():
            assert np.allclose(found.tensors[name].rows, sensitivity.rows, rtol=1e-4), name
            assert found.tensors[name].moments is not None, name
            assert np.allclose(found.tensors[name].moments, sensitivity.moments, atol=1e-4), name


def test_the_same_inputs_give_the_same_calibration():
    first, second = (calibrated(seeded(Network), numbers(4, 3, 40)) for _ in range(2))
    for name, sensitivity in first.items():
        assert np.array_equal(sensitivity.rows, second[name].rows)
        assert np.array_equal(sensitivity.moments, second[name].moments)


@pytest.mark.parametrize("works", [True, False])
def test_the_module_is_left_as_it_was(works):
    module = seeded(Network)
    module.conv.weight.requires_grad_(False)
    module.linear.weight.grad = torch.ones(7, 6)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    if works:
        calibrated(module, numbers(4, 3, 40))
    else:
        with pytest.raises(UsageError):
            calibrated(module, numbers(4, 3, 40), numbers(4, 99, 40))
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not module.conv.weight.requires_grad and module.image.weight.requires_grad
    assert torch.equal(module.linear.weight.grad, torch.ones(7, 6))
    assert module.conv.weight.grad is None and module.image.weight.grad is None


def test_calibration_works_where_gradients_are_turned_off():
    with torch.no_grad():
        found = calibrated(seeded(lambda: nn.Linear(6, 4)), numbers(5, 6))
    assert found["weight"].moments is not None


@pytest.mark.parametrize(
    "batch",
    [numbers(5, 6), (numbers(5, 6),), [numbers(5, 6)], {"input": numbers(5, 6)}],
    ids=lambda b: type(b).__name__,
)
def test_batches_come_as_modules_take_them(batch):
    expected = calibrated(seeded(lambda: nn.Linear(6, 4)), numbers(5, 6))["weight"]
    found = calibrated(seeded(lambda: nn.Linear(6, 4)), batch)["weight"]
    assert np.array_equal(found.moments, expected.moments) and np.array_equal(found.rows, expected.rows)


def test_inputs_may_come_one_after_the_other():
    def inputs() -> Iterator[Tensor]:
        yield numbers(5, 6)
        yield numbers(5, 6, seed=2)

    module = seeded(lambda: nn.Linear(6, 4))
    assert frcodec.calibrate(module, inputs()).signal == pytest.approx(
        frcodec.calibrate(module, [numbers(5, 6), numbers(5, 6, seed=2)]).signal
    )


# Mistakes


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as raised:
        work()
    assert raised.value.code is Code.BAD_OPTION
    return raised.value.message


def test_no_inputs():
    assert "no calibration input" in refused(lambda: calibrated(nn.Linear(6, 4)))


class Silent(nn.Linear):
    """Raises without a message."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError


@pytest.mark.parametrize(
    ("make", "batch"),
    [
        (lambda: nn.Linear(6, 4), numbers(5, 7)),
        (lambda: nn.Linear(6, 4), (numbers(5, 6), 1)),
        (lambda: nn.Linear(6, 4), {"y": numbers(5, 6)}),
        (lambda: nn.Linear(6, 4), "text"),
        (lambda: nn.LSTM(6, 4), 3),
        (lambda: nn.MultiheadAttention(4, 2), (numbers(2, 3, 5),) * 3),
        (lambda: nn.ModuleDict({"a": nn.Linear(6, 4)}), numbers(5, 6)),
        (lambda: Silent(6, 4), numbers(5, 6)),
    ],
    ids=["width", "too many", "keyword", "text", "number", "attention", "no forward", "silent"],
)
def test_inputs_that_do_not_fit_are_the_callers_mistake(make, batch):
    assert "does not take a calibration input" in refused(lambda: calibrated(make(), batch))


def test_torchscript_errors_name_the_cause():
    made = torch.jit.script(nn.Linear(6, 4))
    assert "shapes cannot be multiplied" in refused(lambda: calibrated(made, numbers(5, 7)))


@pytest.mark.parametrize(
    "forward", [lambda x: x, lambda x: x.long(), lambda x: None], ids=["inputs", "integers", "none"]
)
def test_outputs_that_do_not_depend_on_the_weights(forward):
    module = nn.Linear(6, 4)
    module.forward = forward
    assert "depends on its weights" in refused(lambda: calibrated(module, numbers(5, 6)))


def test_frozen_torchscript_has_no_weights_to_know():
    frozen = torch.jit.freeze(torch.jit.script(nn.Linear(6, 4).eval()))
    assert "depends on its weights" in refused(lambda: calibrated(frozen, numbers(5, 6)))


def test_what_is_no_module():
    refused(lambda: calibrated(functional.relu, numbers(5, 6)))
