"""Calibration from files: sample inputs, and the model as TorchScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..constants import Code
from ..encoder.calibration import Calibration
from ..errors import UsageError
from .calibrate import calibrate, cause
from .entries import import_torch

_BATCH = 16
"""samples per batch"""


def calibration_of(inputs: Path, module: Path) -> Calibration:
    """Calibrate a TorchScript file with the inputs of another file.

    A `.npz` file holds one array per argument, in order, with samples along the first axis. A `.pt` file holds the same
    as a tensor or a tuple of tensors, or a list of batches, each as `calibrate` takes it.
    Raises UsageError (bad_option) for other files, UnsupportedError (needs_torch).
    """
    torch = import_torch()
    try:
        loaded = torch.jit.load(str(module), map_location="cpu").eval()
    except Exception as error:
        raise UsageError(
            Code.BAD_OPTION, f"{module} is no TorchScript module, and calibration has to run one: {cause(error)}"
        ) from None
    return calibrate(loaded, _batches(inputs))


def _batches(path: Path) -> Iterator[Any]:
    """The batches of a file of inputs, one after the other."""
    torch = import_torch()
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                content: Any = tuple(torch.from_numpy(arrays[name]) for name in arrays.files)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # NumPy's and torch's readers raise anything for damaged files
        raise UsageError(Code.BAD_OPTION, f"The calibration inputs {path} cannot be read: {cause(error)}") from None
    if isinstance(content, list):
        yield from content
        return
    arguments = content if isinstance(content, tuple) else (content,)
    sizes = {len(argument) if getattr(argument, "ndim", 0) else None for argument in arguments}
    if len(sizes) != 1 or None in sizes:
        raise UsageError(
            Code.BAD_OPTION, f"The arrays of {path} must have samples along the first axis, equally many in each."
        )
    for start in range(0, sizes.pop() or 0, _BATCH):
        yield tuple(argument[start : start + _BATCH] for argument in arguments)
