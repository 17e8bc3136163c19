"""A torch module as a list of entries: DCT tensors of regularized parameters, and all other tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..constants import Code
from ..errors import UnsupportedError, UsageError
from ..tensors import DTYPES, Entry, Stored, View, contiguous_strides, raw_bytes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .frequencies import Frequencies

_STATISTICS = ("running_mean", "running_var")


def module_entries(module: nn.Module) -> tuple[list[Entry], list[int]]:
    """Entries under the names of the ordinary module, and the positions of those stored losslessly.

    Lossless are buffers except running statistics and, in a module with regularized parameters, everything else, so
    that the file holds the very weights that were trained. A tensor that shares all its memory with an earlier one is a
    view of it; a regularized parameter whose coefficients have another shape is a view of an unnamed entry.
    Raises UsageError (bad_tensor) for state that cannot be stored.
    """
    regularized = regularized_parameters(module)
    buffers = {name for name, _ in module.named_buffers() if not name.endswith(_STATISTICS)}
    entries: list[Entry] = []
    lossless: list[int] = []
    seen: dict[tuple[Any, ...], int] = {}
    for key, tensor in module.state_dict().items():
        owner, _, inside = key.partition("parametrizations.")
        parameter = owner + inside.partition(".")[0]  # "conv.weight" of "conv.parametrizations.weight.original"
        frequencies = regularized.get(parameter) if inside else None
        if frequencies and not key.endswith(".original"):
            continue
        name = parameter if frequencies else key
        if not hasattr(tensor, "data_ptr"):
            raise UsageError(
                Code.BAD_TENSOR,
                f"The module's {key!r} is a {type(tensor).__name__}, not a tensor, and cannot be stored.",
            )
        shape = frequencies.shape if frequencies else tuple(tensor.shape)
        memory = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))
        if memory not in seen or not tensor.numel():
            seen[memory] = len(entries)
            if not frequencies and (regularized or name in buffers):
                lossless.append(len(entries))
            if frequencies is None or frequencies.view == shape:
                entries.append(frequencies.dct_tensor(name, tensor) if frequencies else _stored(name, tensor))
                continue
            entries.append(frequencies.dct_tensor("", tensor))
        entries.append(View(name, seen[memory], 0, shape, contiguous_strides(shape)))
    return entries, lossless


def regularized_parameters(module: nn.Module) -> dict[str, Frequencies]:
    """The regularized parameters by name. Raises UsageError (bad_tensor) for one with a further parametrization."""
    if not any(hasattr(owner, "parametrizations") for owner in module.modules()):
        return {}
    from .frequencies import Frequencies

    parametrizations = {
        f"{prefix}.{name}".removeprefix("."): chain
        for prefix, owner in module.named_modules(remove_duplicate=False)
        for name, chain in getattr(owner, "parametrizations", {}).items()
        if isinstance(chain[0], Frequencies)
    }
    for name, chain in parametrizations.items():
        if len(chain) > 1:
            raise UsageError(
                Code.BAD_TENSOR, f"{name!r} is regularized and parametrized again, which a file cannot represent."
            )
    return {name: chain[0] for name, chain in parametrizations.items()}


def _stored(name: str, tensor: Tensor) -> Stored:
    """A tensor as an entry. Raises UsageError (bad_tensor) for sparse, quantized and unknown types."""
    torch = import_torch()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES or tensor.is_sparse or tensor.is_quantized:
        raise UsageError(Code.BAD_TENSOR, f"Tensor {name!r} of type {tensor.dtype} cannot be stored.")
    if not tensor.numel():
        return Stored(name, DTYPES[dtype], tuple(tensor.shape), b"")
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return Stored(name, DTYPES[dtype], tuple(tensor.shape), raw_bytes(flat.view(torch.uint8).numpy()))


def import_torch() -> Any:
    """The torch package. Raises UnsupportedError (needs_torch)."""
    try:
        import torch
    except ImportError:
        raise UnsupportedError(
            Code.NEEDS_TORCH, "Loading into modules needs PyTorch: install frcodec[torch], or torch itself."
        ) from None
    return torch
