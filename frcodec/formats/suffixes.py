"""File name endings of model files; importing them needs none of the readers."""

from __future__ import annotations

from typing import Final

MODEL_SUFFIXES: Final = (
    ".pt", ".pth", ".ptl", ".pte", ".ptd", ".safetensors", ".bin", ".ckpt", ".torchscript", ".model"
)  # fmt: skip
"""endings that .frc replaces; it is appended to all others, which may be part of a name such as net-v1.2"""
KIND_SUFFIXES: Final = {
    "PyTorch zip": ".pt",
    "TorchScript": ".pt",
    "lite interpreter": ".ptl",
    "PyTorch legacy": ".pth",
    "safetensors": ".safetensors",
    "ExecuTorch": ".pte",
    "ExecuTorch data": ".ptd",
}
"""kind of a model file -> its usual ending"""
