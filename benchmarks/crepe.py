"""The published CREPE pitch tracker, tones of known pitch, and how often it hears them right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array: TypeAlias = NDArray[np.float64]

RATE = 16000
FRAME = 1024
BIN_CENTS = 20.0
FIRST_BIN_CENTS = 1997.3794084376191
"""pitch of bin 0, about 31.7 Hz; cents count from 10 Hz"""


class Crepe(nn.ModuleDict):
    """Six convolutions over time halve the frame again and again; one dense layer rates 360 pitches.

    The layers bear the names of the published checkpoints, so that `load_state_dict` takes them as they are. The
    kernels are two-dimensional there, one column wide.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        layers: dict[str, nn.Module] = {"classifier": nn.Linear(4 * widths[-1], 360)}
        for k, (inputs, outputs) in enumerate(zip((1, *widths), widths, strict=False), start=1):
            length, stride = (512, 4) if k == 1 else (64, 1)
            layers[f"conv{k}"] = nn.Conv2d(inputs, outputs, (length, 1), (stride, 1))
            layers[f"conv{k}_BN"] = nn.BatchNorm2d(outputs, eps=1e-3)
        super().__init__(layers)
        self.depth = len(widths)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [B, 1024] at 16 kHz -> how probable each pitch is [B, 360]."""
        centred = frames - frames.mean(1, keepdim=True)
        x = (centred / frames.std(1, keepdim=True).clamp_min(1e-10))[:, None, :, None]
        for k in range(1, self.depth + 1):
            before, after = (254, 254) if k == 1 else (31, 32)
            x = nn.functional.pad(x, (0, 0, before, after))
            x = self[f"conv{k}_BN"](self[f"conv{k}"](x).relu())
            x = nn.functional.max_pool2d(x, (2, 1))
        rated: Tensor = self["classifier"](x.transpose(1, 2).flatten(1)).sigmoid()
        return rated


def crepe_tiny() -> Crepe:
    """The smallest published size."""
    return Crepe((128, 16, 16, 16, 32, 64))


def rate(state: dict[str, Tensor], frames: Array) -> Array:
    """What CREPE tiny with these weights makes of the frames [B, 1024]: [B, 360]."""
    network = crepe_tiny().eval()
    network.load_state_dict(state)
    with torch.inference_mode():
        parts = [network(part) for part in torch.split(torch.from_numpy(frames.astype(np.float32)), 256)]
    return np.asarray(torch.cat(parts).numpy(), np.float64)


def pitch(rated: Array) -> Array:
    """The pitch in Hz: mean of the nine bins around the highest, weighted by their ratings."""
    places = rated.argmax(1)[:, None] + np.arange(-4, 5)
    inside = (places >= 0) & (places < rated.shape[1])
    weights = np.take_along_axis(rated, places.clip(0, rated.shape[1] - 1), 1) * inside
    cents = FIRST_BIN_CENTS + BIN_CENTS * (weights * places).sum(1) / weights.sum(1)
    return np.asarray(10 * 2 ** (cents / 1200))


def share_right(rated: Array, truth: Array) -> float:
    """The share of frames whose pitch is within 50 cents of the truth in Hz."""
    return float((np.abs(1200 * np.log2(pitch(rated) / truth)) <= 50).mean())


@dataclass(frozen=True)
class Tones:
    """Synthetic sounds and their pitch."""

    frames: Array
    """[B, 1024]"""
    truth: Array
    """[B], in Hz"""


def tones(pitches: int = 80, seed: int = 1) -> Tones:
    """Pitches from 65 to 1000 Hz, each in four timbres and at four levels of noise."""
    random = np.random.default_rng(seed)
    rows = [
        (with_noise(sound(hertz, timbre, random), decibels, random), hertz)
        for hertz in np.geomspace(65, 1000, pitches)
        for timbre in ("string", "reed", "flute", "voice")
        for decibels in (60, 20, 10, 3)
    ]
    frames, truth = zip(*rows, strict=True)
    return Tones(np.stack(frames), np.array(truth))


def sound(hertz: float, timbre: str, random: np.random.Generator) -> Array:
    """One frame of harmonics at random phases."""
    order = np.arange(1, int(min(40, RATE / 2 / hertz)) + 1)
    loudness = {
        "string": 1 / order,
        "reed": (order % 2) / order,
        "flute": np.exp(-1.2 * (order - 1)),
        "voice": sum(np.exp(-(((order * hertz - formant) / 300) ** 2)) for formant in (550, 1600, 2500)) + 0.05 / order,
    }[timbre]
    angles = 2 * np.pi * (hertz / RATE * np.outer(order, np.arange(FRAME)) + random.random((len(order), 1)))
    return np.asarray(loudness @ np.sin(angles))


def with_noise(signal: Array, decibels: float, random: np.random.Generator) -> Array:
    """The signal with white noise so many decibels below it."""
    return signal + float(signal.std()) * 10 ** (-decibels / 20) * random.standard_normal(len(signal))
