"""Small networks as ExecuTorch programs, in every way that their weights can be written. Needs executorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import EdgeProgramManager, ExecutorchBackendConfig, to_edge_transform_and_lower
from executorch.exir.passes.init_mutable_pass import InitializedMutableBufferPass
from torch import nn
from torch.export import export
from torchao.quantization import Int8DynamicActivationIntxWeightConfig, quantize_
from torchao.quantization.granularity import PerGroup
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

warnings.filterwarnings("ignore")


Inputs = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Program:
    """A program, and the file beside it if it has one."""

    pte: bytes
    ptd: bytes | None


@dataclass(frozen=True)
class Recipe:
    """A network of so many channels with an input, and how it becomes a program."""

    network: Callable[[int], tuple[nn.Module, Inputs]]
    lower: Callable[[nn.Module, Inputs], Program]


class Layers(nn.Module):
    """All layers whose weights backends keep in their own ways, and a constant that only arithmetic reads."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.up = nn.ConvTranspose2d(width, width // 2, 2, stride=2)
        self.head = nn.Linear(width // 2, 5)
        self.register_buffer("offset", torch.randn(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.conv(x))
        y = self.up(torch.relu(self.depthwise(y)))
        return self.head(y.mean((2, 3))) + self.offset


class Normed(nn.Module):
    """Norms and an embedding, which portable kernels keep as they are; the embedding is tied to the last layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.words = nn.Embedding(24, width)
        self.norm = nn.LayerNorm(width)
        self.batch = nn.BatchNorm1d(width)
        self.batch.running_var.uniform_(0.1, 2)
        self.batch.running_mean.normal_()
        for parameter in (self.norm.weight, self.norm.bias, self.batch.weight, self.batch.bias):
            nn.init.normal_(parameter, 1, 0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.batch(self.norm(self.words(x)).mean(1))
        return y @ self.words.weight.t()


class Counting(nn.Module):
    """A state with an initial value."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("state", torch.tensor([1.0, 2.0, 4.0, 7.0]))
        self.head = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.state.add_(x)
        return self.head(self.state)


def layers(width: int) -> tuple[nn.Module, Inputs]:
    torch.manual_seed(width)
    return Layers(width).eval(), (torch.randn(1, 3, 8, 8),)


def half(width: int) -> tuple[nn.Module, Inputs]:
    module, (x,) = layers(width)
    return module.half(), (x.half(),)


def channels_last(width: int) -> tuple[nn.Module, Inputs]:
    """Kernels whose elements lie in another order than their axes."""
    torch.manual_seed(width)
    module = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, 2, 3)).eval()
    x = torch.randn(1, 3, 8, 8).to(memory_format=torch.channels_last)
    return module.to(memory_format=torch.channels_last), (x,)


def normed(width: int) -> tuple[nn.Module, Inputs]:
    torch.manual_seed(width)
    return Normed(width).eval(), (torch.randint(24, (2, 6)),)


def counting(_: int) -> tuple[nn.Module, Inputs]:
    torch.manual_seed(0)
    return Counting(), (torch.ones(4),)


def four_bits(_: int) -> tuple[nn.Module, Inputs]:
    """A layer whose weights are packed by two."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 32)).eval()
    quantize_(module, Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int4, weight_granularity=PerGroup(32)))
    return module, (torch.randn(1, 64),)


def portable(module: nn.Module, inputs: Inputs, **options: object) -> Program:
    return _program(to_edge_transform_and_lower(export(module, inputs)), **options)


def xnnpack(module: nn.Module, inputs: Inputs, **options: object) -> Program:
    exported = export(module, inputs)
    return _program(to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]), **options)


def two_methods(module: nn.Module, inputs: Inputs) -> Program:
    """One network under two names, its weights stored once."""
    methods = {"forward": export(module, inputs), "again": export(deepcopy(module), inputs)}
    parts = {name: [XnnpackPartitioner()] for name in methods}
    return _program(to_edge_transform_and_lower(methods, partitioner=parts))


def int8(module: nn.Module, inputs: Inputs, *, dynamic: bool) -> Program:
    """Quantized by XNNPACK's own quantizer."""
    config = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=dynamic)
    prepared = prepare_pt2e(export(module, inputs).module(), XNNPACKQuantizer().set_global(config))
    prepared(*inputs)
    return xnnpack(convert_pt2e(prepared), inputs)


def _program(edge: EdgeProgramManager, **options: object) -> Program:
    made = edge.to_executorch(ExecutorchBackendConfig(**options))
    beside = [bytes(data) for data in made._tensor_data.values()]
    return Program(bytes(made.buffer), beside[0] if beside else None)


RECIPES = {
    "portable": Recipe(layers, portable),
    "channels_last": Recipe(channels_last, portable),
    "half": Recipe(half, portable),
    "normed": Recipe(normed, portable),
    "counting": Recipe(counting, partial(portable, passes=[InitializedMutableBufferPass(["state"])])),
    "external": Recipe(layers, partial(portable, external_constants=True)),
    "xnnpack": Recipe(layers, xnnpack),
    "xnnpack_inline": Recipe(layers, partial(xnnpack, extract_delegate_segments=False)),
    "xnnpack_half": Recipe(half, xnnpack),
    "two_methods": Recipe(layers, two_methods),
    "int8_static": Recipe(layers, partial(int8, dynamic=False)),
    "int8_dynamic": Recipe(layers, partial(int8, dynamic=True)),
    "four_bits": Recipe(four_bits, xnnpack),
}
