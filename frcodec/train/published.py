"""Published networks: files of sparse coefficients put into a module."""

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
from .regularize import Regularization, checked_goal

_FIRST_STEP = 2.0**-8
"""of coefficients whose root mean square is 1: fine enough to be the published network"""


def import_frereg(
    module: nn.Module,
    path: str | PathLike[str],
    *,
    budget: int | str | None = None,
    rate_weight: float | None = None,
    steps: int | None = None,
) -> Regularization:
    """Make the parameters of a module the frequencies that a file of sparse coefficients holds for them, in place.

    Such files are what the authors of "Frequency regularization" publish. The parameters of the file's names must have
    its shapes; others stay as they are. Further training, with the arguments of `regularize`, makes the file smaller.
    Raises UsageError (bad_tensor where names or shapes differ, bad_option), and what reading another file raises.
    """
    size = checked_goal(budget, rate_weight, steps)
    found = read_sparse(Path(path), max_bytes=DEFAULT_MAX_BYTES)
    parameters = dict(module.named_parameters())
    for entry in found:
        shape = tuple(parameters[entry.name].shape) if entry.name in parameters else None
        if shape != entry.shape:
            raise UsageError(
                Code.BAD_TENSOR,
                f"{path} holds {entry.name!r} of shape {entry.shape}; the module has "
                f"{'no such parameter' if shape is None else f'it with shape {shape}'}.",
            )
    for entry in found:
        _put(module, parameters[entry.name], entry)
    return Regularization(module, [e.name for e in found], budget=size, rate_weight=rate_weight, steps=steps)


def _put(module: nn.Module, parameter: Tensor, entry: DctTensor) -> None:
    owner, _, attribute = entry.name.rpartition(".")
    how = Frequencies(parameter, entry.shape, entry.transform.axes, entry.region, entry.region.count, _FIRST_STEP)
    values = torch.tensor(entry.coefficients)
    how.gain = sqrt(float(values.square().mean())) or 1.0
    place: Any = module.get_submodule(owner)
    parametrize.register_parametrization(place, attribute, how)
    with torch.no_grad():
        original = place.parametrizations[attribute].original
        original[how.file_order] = (values / how.gain).to(original)
