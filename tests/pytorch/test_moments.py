"""Calibration measures the second moments of the inputs of every weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nets import numbers, seeded
from torch import Tensor, nn

import frcodec
from frcodec import Sensitivity


def moments_of(samples: Tensor) -> np.ndarray:
    """Second moments of samples [count, columns], scaled to a mean diagonal of 1."""
    product = samples.double().T @ samples.double()
    return (product / product.diagonal().mean()).detach().numpy()


def calibrated(module: nn.Module, *batches: object) -> dict[str, Sensitivity]:
    return dict(frcodec.calibrate(module, batches).tensors)


@pytest.mark.parametrize("shape", [(6,), (5, 6), (2, 5, 6), (2, 3, 4, 6)])
def test_moments_of_linear_layers(shape):
    x = numbers(*shape) + 0.5
    found = calibrated(seeded(lambda: nn.Linear(6, 4)), x)["weight"].moments
    assert found.dtype == np.float32
    assert np.allclose(found, moments_of(x.reshape(-1, 6)), atol=1e-5)


CONVOLUTIONS = [
    {"kernel_size": 3},
    {"kernel_size": 5, "padding": 2},
    {"kernel_size": 4, "stride": 3, "padding": 1},
    {"kernel_size": 3, "dilation": 2, "padding": 2, "stride": 2},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
]


@pytest.mark.parametrize("options", CONVOLUTIONS, ids=str)
def test_moments_of_convolutions_along_one_axis(options):
    x, module = numbers(2, 3, 20), seeded(lambda: nn.Conv1d(3, 8, bias=False, **options))
    assert np.allclose(calibrated(module, x)["weight"].moments, moments_by_definition(module, x), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        *CONVOLUTIONS,
        {"kernel_size": (3, 5), "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)},
        {"kernel_size": 1},
    ],
    ids=str,
)
def test_moments_of_convolutions_along_two_axes(options):
    x, module = numbers(2, 3, 12, 14), seeded(lambda: nn.Conv2d(3, 4, **options))
    assert np.allclose(calibrated(module, x)["weight"].moments, moments_by_definition(module, x), atol=1e-5)


def moments_by_definition(module: nn.Module, x: Tensor) -> np.ndarray:
    """Moments by definition: the outputs of unit kernels are the inputs of a kernel."""
    columns = module.weight[0].numel()
    unit_kernels = type(module)(
        module.in_channels, columns, module.kernel_size, module.stride, module.padding, module.dilation,
        bias=False, padding_mode=module.padding_mode,
    )  # fmt: skip
    with torch.no_grad():
        unit_kernels.weight.copy_(torch.eye(columns).reshape(unit_kernels.weight.shape))
        return moments_of(unit_kernels(x).transpose(0, 1).reshape(columns, -1).T)


def test_layouts_in_memory_do_not_matter():
    x, module = numbers(2, 3, 12, 14), seeded(lambda: nn.Conv2d(3, 4, 3))
    expected = moments_by_definition(module, x)
    module = module.to(memory_format=torch.channels_last)
    found = calibrated(module, x.to(memory_format=torch.channels_last))["weight"].moments
    assert np.allclose(found, expected, atol=1e-5)


def test_moments_of_an_lstm():
    """Of its inputs, and of its hidden states, the first of which are zero."""
    x, module = numbers(3, 9, 4), seeded(lambda: nn.LSTM(4, 5, batch_first=True))
    found = calibrated(module, x)
    states = torch.cat([torch.zeros(3, 1, 5), module(x)[0][:, :-1]], dim=1)
    assert np.allclose(found["weight_ih_l0"].moments, moments_of(x.reshape(-1, 4)), atol=1e-5)
    assert np.allclose(found["weight_hh_l0"].moments, moments_of(states.reshape(-1, 5)), atol=1e-5)


def test_moments_add_up_over_batches():
    module, batches = seeded(lambda: nn.Linear(6, 4)), [numbers(5, 6, seed=seed) for seed in range(3)]
    found = calibrated(module, *batches)["weight"].moments
    assert np.allclose(found, moments_of(torch.cat(batches)), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Conv1d(4, 8, 3, groups=2), (2, 4, 20)),
        (lambda: nn.Conv2d(4, 4, 3, groups=4), (2, 4, 9, 9)),
        (lambda: nn.ConvTranspose1d(4, 8, 3), (2, 4, 20)),
        (lambda: nn.ConvTranspose2d(4, 8, 3), (2, 4, 9, 9)),
        (lambda: nn.Conv3d(4, 8, 3), (1, 4, 5, 5, 5)),
        (lambda: nn.Bilinear(4, 4, 3), None),
    ],
    ids=["groups", "depthwise", "transposed", "transposed 2", "three axes", "bilinear"],
)
def test_where_moments_are_not_known_rows_are(make, shape):
    batch = numbers(*shape) if shape else (numbers(5, 4), numbers(5, 4, seed=2))
    found = calibrated(seeded(make), batch)["weight"]
    assert found.moments is None
    assert (found.rows > 0).all()


class Transposed(nn.Module):
    """A square weight that is not used as rows of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


def test_a_transposed_weight_has_no_moments():
    assert calibrated(seeded(Transposed), numbers(5, 6))["weight"].moments is None
