"""Imports published networks: files of sparse coefficients."""

from __future__ import annotations

from math import sqrt
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..constants import DEFAULT_MAX_BYTES, Code
from ..errors import UsageError
from ..formats.read import read_sparse
from ..pytorch.frequencies import Frequencies
from ..stages.spectral import DctTensor
from .regularization import Regularization
from .regularize import checked_goal

_FIRST_STEP = 2.0**-8
"""initial step for a root mean square of 1: fine enough to reproduce the published network"""


def import_frereg(
    module: nn.Module,
    path: str | PathLike[str],
    *,
    budget: int | str | None = None,
    rate_weight: float | None = None,
    steps: int | None = None,
) -> Regularization:
    """Replace parameters of a module by the sparse coefficients of a file, in place; returns their training.

    The authors of "Frequency regularization" (Zhao et al., 2023) publish such files. Parameters of the file's names
    must have its shapes; others are left unchanged. Further training, with the arguments of `regularize`, makes the
    file smaller. Raises UsageError (bad_tensor if names or shapes differ, bad_option), and what `read_sparse` raises.
    """
    size = checked_goal(budget, rate_weight, steps)
    entries = read_sparse(Path(path), max_bytes=DEFAULT_MAX_BYTES)
    parameters = dict(module.named_parameters())
    for entry in entries:
        shape = tuple(parameters[entry.name].shape) if entry.name in parameters else None
        if shape != entry.shape:
            raise UsageError(
                Code.BAD_TENSOR,
                f"{path} holds {entry.name!r} of shape {entry.shape}; the module has "
                f"{'no such parameter' if shape is None else f'it with shape {shape}'}.",
            )
    for entry in entries:
        _register(module, parameters[entry.name], entry)
    return Regularization(module, [entry.name for entry in entries], budget=size, rate_weight=rate_weight, steps=steps)


def _register(module: nn.Module, parameter: Tensor, entry: DctTensor) -> None:
    """Parametrize one parameter by the coefficients of an entry."""
    owner, _, attribute = entry.name.rpartition(".")
    frequencies = Frequencies(
        parameter, entry.shape, entry.transform.axes, entry.region, entry.region.count, _FIRST_STEP
    )
    values = torch.tensor(entry.coefficients)
    frequencies.gain = sqrt(float(values.square().mean())) or 1.0
    holder: Any = module.get_submodule(owner)
    parametrize.register_parametrization(holder, attribute, frequencies)
    with torch.no_grad():
        original = holder.parametrizations[attribute].original
        original[frequencies.file_order] = (values / frequencies.gain).to(original)
