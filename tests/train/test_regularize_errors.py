"""Regularized modules that cannot be stored, loaded or made: each is an error, and nothing is changed."""

import io

import pytest
import torch
from nets import net, saved_module
from torch import nn
from torch.nn.utils import parametrize

import frcodec
from frcodec import UsageError
from frcodec.constants import Code
from frcodec.train import Rule, dense, regularize


@pytest.mark.parametrize("value", [1e7, 1e12, float("inf"), float("nan")])
@pytest.mark.parametrize("attribute", ["weight", "bias"])
def test_diverged_training_is_an_error(value, attribute):
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=9)
    module.hidden.parametrizations[attribute].original.data[3] = value
    for use in (
        regularization.penalty,
        regularization.progress,
        lambda: saved_module(module),
        lambda: getattr(module.eval().hidden, attribute),
    ):
        with pytest.raises(UsageError, match="diverged") as error:
            use()
        assert error.value.code == Code.BAD_TENSOR


def test_files_are_not_loaded_into_regularized_modules():
    module = net()
    regularize(module, kept=0.3)
    data = saved_module(module)
    with pytest.raises(UsageError, match="ordinary module"):
        frcodec.load_model(module, io.BytesIO(data))
    assert frcodec.load_model(dense(module), io.BytesIO(data)) == []
    with pytest.raises(UsageError, match="as it was trained"):
        saved_module(module, score=lambda _: 1.0, max_drop=0.1)


def test_a_second_parametrization_is_refused():
    module = net()
    regularize(module, kept=0.3)
    nn.utils.parametrizations.spectral_norm(module.hidden)
    with pytest.raises(UsageError, match=r"'hidden\.weight' is regularized and parametrized again"):
        saved_module(module)


def test_state_that_is_no_tensor_is_refused():
    class Stateful(nn.Linear):
        def get_extra_state(self):
            return {"calls": 1}

    module = nn.Sequential(Stateful(3, 3))
    with pytest.raises(UsageError, match=r"'0\._extra_state' is a dict"):
        regularize(module, kept=1.0)
    assert not hasattr(module[0], "parametrizations")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 60, "steps": 100}, "without any coefficient the file has"),
        ({"rate_weight": -1.0, "kept": 0.3, "steps": 9}, "cannot weigh -1.0"),
        ({"rate_weight": float("nan"), "kept": 0.3, "steps": 9}, "cannot weigh nan"),
        ({"rules": [Rule("conv", kept=0.3)]}, "How much of hidden.weight"),
    ],
)
def test_a_refused_module_stays_as_it_was(options, message):
    module = net()
    with pytest.raises(UsageError, match=message):
        regularize(module, **options)
    assert not any(parametrize.is_parametrized(owner) for owner in module.modules())


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
