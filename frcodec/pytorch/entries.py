"""A torch module as a list of named tensors: what regularized parameters are made of, and all else as it is."""

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
    """Entries under the names of the ordinary module, and the positions of those to be stored exactly.

    Exact are buffers but running statistics and, in a module with regularized parameters, all that is not: what was
    trained is what is stored. A tensor that covers the memory of another is a view of it, and so is one whose
    coefficients have more axes than itself. Raises UsageError (bad_tensor) for what cannot be stored.
    """
    regularized = regularized_parameters(module)
    buffers = {name for name, _ in module.named_buffers() if not name.endswith(_STATISTICS)}
    entries: list[Entry] = []
    lossless: list[int] = []
    seen: dict[tuple[Any, ...], int] = {}
    for key, tensor in module.state_dict().items():
        owner, _, inside = key.partition("parametrizations.")
        found = regularized.get(owner + inside.partition(".")[0]) if inside else None
        if found and not key.endswith(".original"):
            continue
        name = owner + inside.partition(".")[0] if found else key
        if not hasattr(tensor, "data_ptr"):
            raise UsageError(
                Code.BAD_TENSOR, f"The module's {key!r} is a {type(tensor).__name__}, no tensor to be stored."
            )
        shape = found.shape if found else tuple(tensor.shape)
        memory = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))
        if memory not in seen or not tensor.numel():
            seen[memory] = len(entries)
            if not found and (regularized or name in buffers):
                lossless.append(len(entries))
            if found is None or found.view == shape:
                entries.append(found.spectral(name, tensor) if found else _stored(name, tensor))
                continue
            entries.append(found.spectral("", tensor))
        entries.append(View(name, seen[memory], 0, shape, contiguous_strides(shape)))
    return entries, lossless


def regularized_parameters(module: nn.Module) -> dict[str, Frequencies]:
    """The regularized parameters by name. Raises UsageError (bad_tensor) where a weight is not that of its file."""
    if not any(hasattr(owner, "parametrizations") for owner in module.modules()):
        return {}
    from .frequencies import Frequencies

    found = {
        f"{prefix}.{name}".removeprefix("."): how
        for prefix, owner in module.named_modules(remove_duplicate=False)
        for name, how in getattr(owner, "parametrizations", {}).items()
        if isinstance(how[0], Frequencies)
    }
    for name, how in found.items():
        if len(how) > 1:
            raise UsageError(Code.BAD_TENSOR, f"{name!r} is regularized and parametrized again, which no file can say.")
    return {name: how[0] for name, how in found.items()}


def _stored(name: str, tensor: Tensor) -> Stored:
    """Little-endian bytes in C order, with a name, a type and a shape."""
    torch = import_torch()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES or tensor.is_sparse or tensor.is_quantized:
        raise UsageError(Code.BAD_TENSOR, f"Tensor {name!r} of type {tensor.dtype} cannot be stored.")
    if not tensor.numel():
        return Stored(name, DTYPES[dtype], tuple(tensor.shape), b"")
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return Stored(name, DTYPES[dtype], tuple(tensor.shape), raw_bytes(flat.view(torch.uint8).numpy()))


def import_torch() -> Any:
    """torch, or UnsupportedError (needs_torch)."""
    try:
        import torch
    except ImportError:
        raise UnsupportedError(
            Code.NEEDS_TORCH, "Loading into modules needs PyTorch: install frcodec[torch], or torch itself."
        ) from None
    return torch
