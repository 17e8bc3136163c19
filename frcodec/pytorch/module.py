"""Saves torch modules as .frc files, and loads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from io import BytesIO
from typing import TYPE_CHECKING

from ..api import open_file, save_entries
from ..constants import DEFAULT_MAX_BYTES, Code
from ..disk import PathOrFile
from ..encoder.options import Options
from ..encoder.reports import EncodeReport
from ..encoder.target import quality_of_score, with_quality
from ..errors import UsageError
from ..tensors import raw_bytes
from ..work import Progress
from .entries import import_torch, module_entries, regularized_parameters

if TYPE_CHECKING:
    from torch import nn


def save_model(
    module: nn.Module,
    target: PathOrFile,
    *,
    options: Options | None = None,
    score: Callable[[nn.Module], float] | None = None,
    max_drop: float | None = None,
    force: bool = False,
    threads: int | None = None,
    metadata: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> EncodeReport:
    """Encode a module's state dict. Tied tensors are stored once; buffers except running statistics are lossless.

    The file of a module regularized by `frcodec.train` has the names and shapes of the ordinary module, and decodes to
    exactly the weights that the module evaluates with: coefficients are stored as trained, all else losslessly.
    Options of quality do not apply to it.

    With `score`, a function of a module where higher is better, the file is the smallest found whose decoded weights
    score at most `max_drop` less than the module itself. This takes at most ten encodings and ten scores. Options may
    then have a calibration and rules, but no quality.

    `threads` defaults to all processors; `progress` is called with bytes of decoded tensors; `force` replaces an
    existing file. Raises UsageError (bad_option, bad_tensor, unmatched_rule, output_exists), UnsupportedError
    (needs_torch).
    """
    check_module(module)
    entries, lossless = module_entries(module)
    options = options or Options()

    def save(out: PathOrFile, options: Options) -> EncodeReport:
        return save_entries(
            entries, lossless, out, options=options, force=force, threads=threads, metadata=metadata, progress=progress
        )

    if score is None and max_drop is None:
        return save(target, options)
    if score is None or max_drop is None or not max_drop >= 0:
        raise UsageError(Code.BAD_OPTION, "max_drop, at least 0, and a scoring function must be given together.")
    if any(value is not None for value in (options.snr, options.max_error, options.quality, options.target_size)):
        raise UsageError(Code.BAD_OPTION, "max_drop determines the quality: leave it out of the options.")
    if regularized_parameters(module):
        raise UsageError(
            Code.BAD_OPTION, "A regularized module is stored as it was trained: there is no quality to search for."
        )
    trial = deepcopy(module)

    def score_at(quality: float) -> float:
        file = BytesIO()
        save(file, with_quality(options, quality))
        load_model(trial, BytesIO(file.getvalue()))
        return float(score(trial))

    quality = quality_of_score(score_at, float(score(module)) - max_drop)
    return save(target, with_quality(options, quality))


def load_model(
    module: nn.Module, source: PathOrFile, *, strict: bool = True, max_bytes: int = DEFAULT_MAX_BYTES
) -> list[str]:
    """Fill a module's parameters and buffers in place; returns the names that only one side has, if not `strict`.

    `max_bytes` limits the memory of the decoded tensors. Raises UsageError (bad_tensor) for a regularized module, and
    where names or shapes differ, before anything is changed; CorruptError and the like for the file, UnsupportedError
    (needs_torch).
    """
    torch = import_torch()
    check_module(module)
    if regularized_parameters(module):
        raise UsageError(
            Code.BAD_TENSOR,
            "The module is regularized, and the file holds ordinary weights: load it into the ordinary module, or into "
            "frcodec.train.dense(module). Regularized training resumes from a checkpoint of state dicts.",
        )
    state = module.state_dict()
    if any(tensor.is_meta for tensor in state.values()):
        raise UsageError(Code.BAD_TENSOR, "The module is on the meta device: call module.to_empty(device='cpu') first.")
    with open_file(source, max_bytes=max_bytes) as file:
        unmatched = sorted(set(state) ^ set(file))
        if strict and unmatched:
            missing, extra = sorted(set(state) - set(file)), sorted(set(file) - set(state))
            raise UsageError(
                Code.BAD_TENSOR,
                f"Module and file differ in their names. The file lacks {_some(missing)}; "
                f"the module lacks {_some(extra)}.",
            )
        shared = [name for name in state if name in file]
        for name in shared:
            if tuple(state[name].shape) != file.record(name).shape:
                raise UsageError(
                    Code.BAD_TENSOR,
                    f"Tensor {name!r} has shape {file.record(name).shape} in the file "
                    f"and {tuple(state[name].shape)} in the module.",
                )
        with torch.no_grad():
            for name in shared:
                array = file.stored(name)
                dtype = getattr(torch, file.record(name).dtype.name)
                content = (
                    torch.frombuffer(bytearray(raw_bytes(array)), dtype=dtype)
                    if array.size
                    else torch.empty(0, dtype=dtype)
                )
                state[name].copy_(content.reshape(array.shape))
    return unmatched


def check_module(module: object) -> None:
    """Raise UsageError (bad_option) unless `module` is a torch module."""
    if not hasattr(module, "state_dict"):
        raise UsageError(
            Code.BAD_OPTION,
            f"A torch module is needed, not a {type(module).__name__}; dictionaries of arrays go to save_file.",
        )


def _some(names: list[str]) -> str:
    """The first few names, for a message."""
    if not names:
        return "nothing"
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
