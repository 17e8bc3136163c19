"""The files that the pages' commands and examples name, as small as they can be."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

GRADLE = """\
plugins {
    id("com.android.application")
}
android {
    namespace = "com.example.app"
    androidResources { noCompress += "frc" }
}
"""


def network() -> nn.Module:
    """A classifier of pictures of 1×12×12 into 10 classes; weights follow from integers, the same on every machine."""
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 16, 3))
    net.add_module("relu", nn.ReLU())
    net.add_module("pool", nn.MaxPool2d(2))
    net.add_module("flatten", nn.Flatten())
    net.add_module("classifier", nn.Linear(16 * 25, 10))
    random = np.random.default_rng(11)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.from_numpy(random.normal(0, 0.1, parameter.shape).astype(np.float32)))
    return net.eval()


def make(folder: Path) -> None:
    """Write all files."""
    net = network()
    pictures = np.random.default_rng(12).random((32, 1, 12, 12), np.float32)
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    torch.save(state, folder / "model.pt")
    save_file(state, folder / "model.safetensors")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        script = torch.jit.trace(net, torch.from_numpy(pictures[:1]))
        script.save(folder / "script.pt")
        script._save_for_lite_interpreter(str(folder / "model.ptl"))
    np.savez(folder / "inputs.npz", pictures)
    app = folder / "MyApp" / "app"
    app.mkdir(parents=True)
    (app.parent / "settings.gradle.kts").write_text("")
    (app / "build.gradle.kts").write_text(GRADLE)
