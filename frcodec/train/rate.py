"""How many bytes the file of a regularized module takes, as a number that can be differentiated.

The codec's own tables, fitted to the levels as they are now and then, price every level in its context; between
symbols a price is interpolated. What the prices do not say (the index, headers, what is stored beside the levels) is
the difference to a real file made at the same time, and changes little until the next one:

    bytes = real file + (price of the points now - price of the levels then) / 8
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
from .selection import Selected

_LEAST_SLOPE = 0.01
"""bits that one more is worth at least where a table ends"""

Ints: TypeAlias = npt.NDArray[np.int32]
Pair: TypeAlias = tuple[Frequencies, Tensor]
"""a parametrization and its coefficients"""


@dataclass(frozen=True, slots=True)
class _Stream:
    """Tensors that are coded together, and how."""

    members: tuple[int, ...]
    shape: tuple[int, ...]
    """level shape"""
    model: StreamModel
    prices: npt.NDArray[np.float32]
    """bits of the symbols of magnitude 0 … 127 in each context [contexts, 128]"""
    widths: npt.NDArray[np.float32]
    """magnitudes that share a symbol in each context [contexts], a power of two"""


class Rate:
    """The price list of a module's levels, and the file it was made with."""

    def __init__(self, module: nn.Module, pairs: Callable[[], Sequence[Pair]]) -> None:
        """`pairs` gives what is regularized in the module now: loading a checkpoint may replace parameters."""
        self._module, self._pairs = module, pairs
        self.refresh()

    def refresh(self) -> None:
        """Make a file of the levels as they are, and prices that suit them."""
        self._fit([how.levels(coefficients) for how, coefficients in self._pairs()], file_bytes(self._module))

    def _fit(self, levels: list[Ints], size: int) -> None:
        self._levels, self.file_bytes = levels, size
        self._streams = [_fitted(group, levels, self._pairs()) for group in _groups(levels)]
        self._then = 0.0
        self._then = self.bits([torch.from_numpy(mine.astype(np.float32)) for mine in levels]).item()

    def bits(self, points: Sequence[Tensor]) -> Tensor:
        """Price of the points of every tensor, in the order of a file, less that of the last file's levels."""
        total = points[0].new_zeros(()) - self._then
        for stream in self._streams:
            mine = torch.cat([points[member] for member in stream.members])
            total = total + _price(mine, stream)
        return total

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds: the last file's levels and size."""
        return {"levels": [torch.from_numpy(mine) for mine in self._levels], "file_bytes": self.file_bytes}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of `state_dict`."""
        self._fit([mine.cpu().numpy() for mine in state["levels"]], state["file_bytes"])


def file_bytes(module: nn.Module) -> int:
    """Bytes of the file that `save_model` makes of the module now."""
    return _size(*module_entries(module))


def _size(entries: Sequence[Entry], lossless: Sequence[int]) -> int:
    report = save_entries(
        entries, lossless, BytesIO(), options=None, force=False, threads=1, metadata=None, progress=None
    )
    return report.file_bytes


def least_bytes(module: nn.Module, chosen: Sequence[Selected]) -> int:
    """Bytes of the file of a module, were all coefficients of the chosen parameters zero."""
    by_name = {one.name: one for one in chosen}
    entries, _ = module_entries(module)
    lossless = []
    for at, entry in enumerate(entries):
        if type(entry) is not Stored:
            continue
        one = by_name.get(entry.name)
        if one is None:
            lossless.append(at)
        else:
            region = Scan(0) if one.axes else Box((0,) * len(one.view))
            how = Transform(one.axes)
            entries[at] = DctTensor(entry.name, entry.dtype, one.view, b"", how, region, np.zeros(0), 0)
    return _size(entries, lossless)


def _groups(levels: Sequence[Ints]) -> list[list[int]]:
    """What shares a stream: tensors of few levels all together, others alone."""
    small = [member for member, mine in enumerate(levels) if mine.size < SMALL]
    return [[member] for member, mine in enumerate(levels) if mine.size >= SMALL] + ([small] if small else [])


def _fitted(members: Sequence[int], levels: Sequence[Ints], pairs: Sequence[Pair]) -> _Stream:
    together = np.concatenate([levels[member] for member in members])
    shape = pairs[members[0]][0].region.level_shape() if len(members) == 1 else (together.size,)
    magnitudes = np.abs(together.reshape(shape)).astype(np.float64) if len(shape) > 1 else None
    model = fit.fit(Quantized(together), shape, magnitudes)
    return _Stream(tuple(members), shape, model, *_prices(model))


def _prices(model: StreamModel) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Prices and widths of symbols; where a table ends they rise on as before, so that large points are pulled too."""
    coder = Coder.of(model.tables, 0)
    slots = coder.frequency[:, 2 * np.arange(MAX_DIRECT + 1)].astype(np.float64)  # symbol 2m is +m
    last = np.maximum(1, np.count_nonzero(slots[:, 1:], axis=1))[:, None]
    bits = FREQUENCY_BITS - np.log2(np.maximum(slots, 1))
    at = np.take_along_axis(bits, last, axis=1)
    slope = np.maximum(at - np.take_along_axis(bits, last - 1, axis=1), _LEAST_SLOPE)
    magnitudes = np.arange(MAX_DIRECT + 1)[None]
    bits = np.where(magnitudes > last, at + slope * (magnitudes - last), bits) + coder.shift[:, None]
    return bits.astype(np.float32), (2.0**coder.shift).astype(np.float32)


def _price(points: Tensor, stream: _Stream) -> Tensor:
    """Bits of the points [n] of a stream: linear between symbols, in the contexts that rounded points give."""
    rounded = np.rint(points.detach().cpu().numpy()).astype(np.int32)
    contexts = contexts_by_level(rounded, stream.shape, stream.model)
    prices = torch.from_numpy(stream.prices[contexts]).to(points.device)
    magnitude = points.abs() / torch.from_numpy(stream.widths[contexts]).to(points.device)
    below = magnitude.detach().long().clamp(max=stream.prices.shape[1] - 2)[:, None]
    low, high = prices.gather(1, below)[:, 0], prices.gather(1, below + 1)[:, 0]
    return (low + (magnitude - below[:, 0]) * (high - low)).sum()
