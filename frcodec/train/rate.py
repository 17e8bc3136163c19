"""A differentiable estimate of the bytes of a regularized module's file.

The codec's own tables, refitted to the levels from time to time, give the bits of every level in its context, linearly
interpolated between symbols. Everything else in a file (index, headers, lossless tensors) is taken from a real file
made at each refit, and changes little until the next one:

    bytes = real file + (bits of the points now - bits of the levels at the refit) / 8
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..api import save_entries
from ..constants import FREQUENCY_BITS, MAX_DIRECT
from ..encoder import fit
from ..encoder.plan import SMALL
from ..entropy.lanes import Coder
from ..entropy.stream import Quantized, StreamModel, contexts_by_level
from ..pytorch.entries import module_entries
from ..pytorch.frequencies import Frequencies
from ..stages.region import Box, Scan
from ..stages.spectral import DctTensor
from ..stages.transform import Transform
from ..tensors import Entry, Stored
from .selection import SelectedParameter

_LEAST_SLOPE = 0.01
"""bits per unit of magnitude beyond the end of a table, at least"""

Ints: TypeAlias = npt.NDArray[np.int32]
Pair: TypeAlias = tuple[Frequencies, Tensor]
"""a parametrization and its coefficients"""


@dataclass(frozen=True, slots=True)
class _Stream:
    """Tensors that are coded together, and the bits of their symbols."""

    members: tuple[int, ...]
    """indices of the tensors"""
    shape: tuple[int, ...]
    """level shape"""
    model: StreamModel
    bits: npt.NDArray[np.float32]
    """of the symbols of magnitude 0 … 127 in each context [contexts, 128]"""
    widths: npt.NDArray[np.float32]
    """magnitudes per symbol in each context [contexts], powers of two"""


class Rate:
    """The rate of a module's levels by tables fitted at the last refit."""

    def __init__(self, module: nn.Module, pairs: Callable[[], Sequence[Pair]]) -> None:
        """`pairs` returns the regularized parameters; it is called anew, as loading a checkpoint may replace them."""
        self._module, self._pairs = module, pairs
        self.refresh()

    def refresh(self) -> None:
        """Refit the tables to the current levels, and measure a real file."""
        self._fit(
            [frequencies.levels(coefficients) for frequencies, coefficients in self._pairs()], file_bytes(self._module)
        )

    def _fit(self, levels: list[Ints], size: int) -> None:
        self._levels, self.file_bytes = levels, size
        self._streams = [_fit_stream(group, levels, self._pairs()) for group in _groups(levels)]
        self._fitted_bits = 0.0
        self._fitted_bits = self.bits([torch.from_numpy(array.astype(np.float32)) for array in levels]).item()

    def bits(self, points: Sequence[Tensor]) -> Tensor:
        """Bits of the points [count] of every tensor, in file order, minus those of the levels at the last refit."""
        total = points[0].new_zeros(()) - self._fitted_bits
        for stream in self._streams:
            total = total + _stream_bits(torch.cat([points[member] for member in stream.members]), stream)
        return total

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint: levels and file size of the last refit."""
        return {"levels": [torch.from_numpy(array) for array in self._levels], "file_bytes": self.file_bytes}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of `state_dict`."""
        self._fit([array.cpu().numpy() for array in state["levels"]], state["file_bytes"])


def file_bytes(module: nn.Module) -> int:
    """Bytes of the file that `save_model` writes of the module now."""
    return _size(*module_entries(module))


def _size(entries: Sequence[Entry], lossless: Sequence[int]) -> int:
    """Bytes of the file of these entries."""
    report = save_entries(
        entries, lossless, BytesIO(), options=None, force=False, threads=1, metadata=None, progress=None
    )
    return report.file_bytes


def least_bytes(module: nn.Module, selected: Sequence[SelectedParameter]) -> int:
    """Bytes of a module's file if all coefficients of the selected parameters were zero: a lower bound."""
    by_name = {parameter.name: parameter for parameter in selected}
    entries, _ = module_entries(module)
    lossless = []
    for position, entry in enumerate(entries):
        if type(entry) is not Stored:
            continue
        parameter = by_name.get(entry.name)
        if parameter is None:
            lossless.append(position)
            continue
        region = Scan(0) if parameter.axes else Box((0,) * len(parameter.view))
        transform = Transform(parameter.axes)
        entries[position] = DctTensor(entry.name, entry.dtype, parameter.view, b"", transform, region, np.zeros(0), 0)
    return _size(entries, lossless)


def _groups(levels: Sequence[Ints]) -> list[list[int]]:
    """Indices of the tensors of each stream: large tensors alone, all small ones together."""
    small = [member for member, array in enumerate(levels) if array.size < SMALL]
    return [[member] for member, array in enumerate(levels) if array.size >= SMALL] + ([small] if small else [])


def _fit_stream(members: Sequence[int], levels: Sequence[Ints], pairs: Sequence[Pair]) -> _Stream:
    """The model of a stream's levels, and the bits of its symbols."""
    joined = np.concatenate([levels[member] for member in members])
    shape = pairs[members[0]][0].region.level_shape() if len(members) == 1 else (joined.size,)
    magnitudes = np.abs(joined.reshape(shape)).astype(np.float64) if len(shape) > 1 else None
    model = fit.fit(Quantized(joined), shape, magnitudes)
    return _Stream(tuple(members), shape, model, *_symbol_bits(model))


def _symbol_bits(model: StreamModel) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Bits and widths of symbols; extrapolated beyond the end of a table, so that large points have a gradient."""
    coder = Coder.of(model.tables, 0)
    slots = coder.frequency[:, 2 * np.arange(MAX_DIRECT + 1)].astype(np.float64)  # symbol 2m is +m
    last = np.maximum(1, np.count_nonzero(slots[:, 1:], axis=1))[:, None]
    bits = FREQUENCY_BITS - np.log2(np.maximum(slots, 1))
    last_bits = np.take_along_axis(bits, last, axis=1)
    slope = np.maximum(last_bits - np.take_along_axis(bits, last - 1, axis=1), _LEAST_SLOPE)
    magnitudes = np.arange(MAX_DIRECT + 1)[None]
    bits = np.where(magnitudes > last, last_bits + slope * (magnitudes - last), bits) + coder.shift[:, None]
    return bits.astype(np.float32), (2.0**coder.shift).astype(np.float32)


def _stream_bits(points: Tensor, stream: _Stream) -> Tensor:
    """Bits of the points [n] of a stream: linear between symbols, in the contexts of the rounded points."""
    rounded = np.rint(points.detach().cpu().numpy()).astype(np.int32)
    contexts = contexts_by_level(rounded, stream.shape, stream.model)
    bits = torch.from_numpy(stream.bits[contexts]).to(points.device)
    magnitude = points.abs() / torch.from_numpy(stream.widths[contexts]).to(points.device)
    below = magnitude.detach().long().clamp(max=stream.bits.shape[1] - 2)[:, None]
    low, high = bits.gather(1, below)[:, 0], bits.gather(1, below + 1)[:, 0]
    return (low + (magnitude - below[:, 0]) * (high - low)).sum()
