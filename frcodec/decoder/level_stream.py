"""Streams of levels to tensors: by the core, or stage by stage in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import native
from ..constants import Code
from ..entropy import stream
from ..errors import CorruptError
from ..native import decoder as native_decoder
from ..stages import layer
from ..stages.layer import Layer
from ..tensors import Array
from ..work import SERIAL, Workers


def decode(data: bytes | memoryview, layers: Sequence[Layer], workers: Workers = SERIAL) -> list[Array]:
    """The tensors of a stream, whose levels are one sequence. Raises CorruptError, UnsupportedError."""
    counts = [each.region.count for each in layers]
    shape = layers[0].region.level_shape() if len(layers) == 1 else (sum(counts),)
    core = native.enabled() and not any(each.resampled for each in layers)  # which decodes full width only
    return _by_core(data, shape, layers, workers) if core else _by_numpy(data, shape, layers)


def _by_core(
    data: bytes | memoryview, shape: tuple[int, ...], layers: Sequence[Layer], workers: Workers
) -> list[Array]:
    header = native_decoder.open_stream(data, shape)  # checked before arrays are allocated
    arrays: list[Array] = [np.empty(each.shape, each.dtype.storage) for each in layers]
    destinations = [_destination(each, array) for each, array in zip(layers, arrays, strict=True)]
    native_decoder.decode(header, destinations, workers)
    return arrays


def _destination(each: Layer, array: Array) -> native_decoder.Destination:
    return native_decoder.Destination(
        each.dtype.id,
        each.shape,
        each.transform.mask,
        each.transform.block,
        each.region.kind(each.shape),
        each.region.bounds(each.shape),
        each.region.count,
        each.step,
        array.reshape(-1).view(np.uint8),
    )


def _by_numpy(data: bytes | memoryview, shape: tuple[int, ...], layers: Sequence[Layer]) -> list[Array]:
    points, row_steps = stream.decode(data, shape)
    if row_steps is not None and (len(layers) > 1 or layers[0].integer):
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps, but is not that of a single float tensor.")
    ends = np.cumsum([each.region.count for each in layers])
    return [
        layer.decode(points[end - each.region.count : end], each, row_steps)
        for end, each in zip(ends, layers, strict=True)
    ]
