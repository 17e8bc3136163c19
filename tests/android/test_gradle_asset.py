"""The script that makes the sample's model, on a small network of the published one's names and shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.jit.mobile import _load_for_lite_interpreter

import frcodec
from android_loader.sample.make_asset import Made, flat, made, narrowed
from benchmarks.train.published_net import LEVELS, channels, logits
from frcodec.stages.region import Scan
from frcodec.stages.spectral import DctTensor
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES

FIRST, COEFFICIENTS = 8, 33


def network(seed: int = 1) -> list[DctTensor]:
    """Tensors of the U-Net with 8 to 128 channels, each of 33 random coefficients."""
    shapes: dict[str, tuple[int, ...]] = {}

    def twice(name: str, given: int, made: int) -> None:
        shapes[f"{name}.double_conv.0.weight"] = (made, given, 3, 3)
        shapes[f"{name}.double_conv.3.weight"] = (made, made, 3, 3)

    twice("inc", 3, FIRST)
    for level in range(1, LEVELS):
        twice(f"down{level}.maxpool_conv.1", FIRST << level - 1, FIRST << level)
    for level in range(1, LEVELS):
        finer = FIRST << LEVELS - 1 - level
        shapes[f"up{level}.up.weight"] = (2 * finer, finer, 2, 2)
        twice(f"up{level}.conv", 2 * finer, finer)
    shapes["outc.conv.weight"] = (2, FIRST, 1, 1)
    chance = np.random.default_rng(seed)
    result = []
    for name, shape in shapes.items():
        count = min(COEFFICIENTS, int(np.prod(shape)))
        values = 4 * chance.normal(size=count)
        result.append(DctTensor(name, DTYPES["float32"], shape, b"", Transform((0, 1, 2, 3)), Scan(count), values))
    return result


@pytest.fixture(scope="module")
def half() -> Made:
    """Decoded with at most 64 channels."""
    return made(narrowed(network(), 64))


def test_the_lite_interpreter_computes_with_the_weights_of_the_asset(half: Made, tmp_path: Path) -> None:
    (tmp_path / "unet.frc").write_bytes(half.asset)
    frcodec.decode_file(tmp_path / "unet.frc", tmp_path / "unet.ptl")
    picture = torch.rand(1, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    found = _load_for_lite_interpreter(str(tmp_path / "unet.ptl")).forward(picture)
    assert found.shape == (1, 96, 64)
    assert torch.equal(found, half.net(picture))


def test_the_network_is_the_published_one(half: Made) -> None:
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    weights = {tensor.name: half.net.get_buffer(flat(tensor.name)) for tensor in network()}
    assert torch.equal(half.net(picture), logits(weights, picture))


def test_the_asset_holds_coefficients_and_not_weights(half: Made) -> None:
    weights = sum(buffer.numel() for buffer in half.net.buffers())
    assert len(half.model) > 4 * weights
    assert len(half.asset) < weights / 8


def test_fewer_channels_are_other_samples_of_the_same_curves() -> None:
    tensors = network()
    step = 1e-3
    for full, sampled in zip(narrowed(tensors, 1024, step), narrowed(tensors, 32, step), strict=True):
        weights, fewer = full.array().astype(float), sampled.array().astype(float)
        axes = channels(tensors)[full.name]
        shrunk = [axis for axis in axes if fewer.shape[axis] < weights.shape[axis]]
        for axis in shrunk:
            assert weights.shape[axis] % fewer.shape[axis] == 0
        factor = np.prod([weights.shape[a] / fewer.shape[a] for a in shrunk if axes[a].input] or [1])
        if shrunk:  # a smooth curve's mean over neighbours is close to its sample between them
            means = weights
            for axis in shrunk:
                shape = list(means.shape)
                shape[axis : axis + 1] = [fewer.shape[axis], shape[axis] // fewer.shape[axis]]
                means = means.reshape(shape).mean(axis + 1)
            error = np.sqrt(np.mean((means * factor - fewer) ** 2) / np.mean(fewer**2))
            assert error < 0.1, (full.name, error)
        else:
            np.testing.assert_array_equal(weights, fewer)
