"""Small networks, inputs, files and training loops for the tests with torch."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import frcodec


class Net(nn.Module):
    """Every kind of parameter: a convolution, a norm with statistics, a linear layer behind maps of 8 x 4 x 4."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(8 * 4 * 4, 24)
        self.head = nn.Linear(24, 4)

    def forward(self, x):
        x = self.pool(torch.relu(self.norm(self.conv(x))))
        return self.head(torch.relu(self.hidden(x.flatten(1))))


def net(seed=0):
    torch.manual_seed(seed)
    return Net()


def pictures(count=256, seed=0):
    """Four kinds of stripes with noise [count, 1, 8, 8], and which kind each is."""
    generator = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, 4, (count,), generator=generator)
    at = torch.arange(8.0)
    waves = torch.stack([torch.sin(at * f)[None].expand(8, 8) for f in (0.8, 1.6)])
    both = torch.cat([waves, waves.transpose(1, 2)])
    return both[kind][:, None] + 0.3 * torch.randn(count, 1, 8, 8, generator=generator), kind


def train(module, regularization, optimizer, steps, seed=0):
    """A few steps over random batches; the losses."""
    x, y = pictures()
    torch.manual_seed(seed)
    losses = []
    module.train()
    for _ in range(steps):
        batch = torch.randint(0, len(x), (32,))
        task = cross_entropy(module(x[batch]), y[batch])
        optimizer.zero_grad()
        (task + regularization.penalty()).backward()
        optimizer.step()
        regularization.step()
        losses.append(task.item())
    return losses


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """A module in evaluation mode with the same weights at every call."""
    torch.manual_seed(0)
    return make().eval()


def numbers(*shape: int, seed: int = 1) -> Tensor:
    """Normal random numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def saved_module(module: nn.Module, **arguments: object) -> bytes:
    """The file of a module; keywords are those of `save_model`."""
    out = io.BytesIO()
    frcodec.save_model(module, out, **arguments)
    return out.getvalue()


def assert_file_is_exact(module: nn.Module, **arguments: object) -> None:
    """The file decodes to the weights of evaluation mode, bit for bit."""
    module.eval()
    for name, array in frcodec.load_file(saved_module(module, **arguments)).items():
        owner, _, attribute = name.rpartition(".")
        weight = getattr(module.get_submodule(owner), attribute).detach()
        weight = weight.float() if weight.dtype == torch.bfloat16 else weight
        assert np.array_equal(array, weight.numpy()), name
