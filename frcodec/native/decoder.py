"""The decoder of the C++ core, for level streams: the same bits and error codes as the NumPy stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import CorruptError, UnsupportedError
from ..tensors import Buffer
from ..work import SERIAL, Workers
from . import _core

Ints = npt.NDArray[np.int32]


def crc32(data: Buffer, before: int) -> int:
    """CRC-32 of bytes whose CRC-32 is `before`, followed by `data`."""
    return _core.crc32(data, before)


@dataclass(frozen=True, slots=True)
class Destination:
    """A tensor to decode, in the core's terms (android_loader/core/stages/layer.h)."""

    dtype: int
    """id in the index"""
    shape: tuple[int, ...]
    axes: int
    """bit a: axis a is transformed"""
    block: int
    """blocks of 2^block elements; 0: whole axes"""
    region: int
    """number in the index"""
    kept: tuple[int, ...]
    """lengths of the box; the shape where there is none"""
    count: int
    """levels"""
    step: int
    elements: npt.NDArray[np.uint8]
    """memory of the elements, in C order; all zero unless the region is whole"""


def open_stream(data: Buffer, shape: tuple[int, ...]) -> _core.Stream:
    """A stream of levels with this level shape, its header read. Raises CorruptError, UnsupportedError."""
    with _errors():
        return _core.Stream(data, shape)


def decode(stream: _core.Stream, destinations: Sequence[Destination], workers: Workers = SERIAL) -> None:
    """Fill the elements of all tensors of a stream. Raises CorruptError, UnsupportedError.

    Segments of long streams and parts of large transforms are spread over the workers.
    """
    with _errors():
        if len(destinations) == 1:
            layer = _layer(destinations[0], stream)
            segments = SERIAL if layer.in_order else workers
            segments.spread(lambda segment: layer.put_segment(stream, segment), stream.segments)
            workers.spread(layer.run, layer.settle())
        else:
            _decode_together(stream, destinations, workers)


def _decode_together(stream: _core.Stream, destinations: Sequence[Destination], workers: Workers) -> None:
    """Tensors whose levels are one sequence."""
    if stream.has_row_steps:
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps, but is not that of a single tensor.")
    points = np.empty(sum(destination.count for destination in destinations), np.int32)
    pieces = np.split(points, np.cumsum([stream.size(segment) for segment in range(stream.segments)])[:-1])
    workers.spread(lambda segment: stream.decode(segment, pieces[segment]), stream.segments)
    first = 0
    for destination in destinations:
        fill(destination, points[first : first + destination.count], workers)
        first += destination.count


def fill(destination: Destination, points: Ints, workers: Workers = SERIAL) -> None:
    """Fill the elements of a tensor from its points [count]. Raises CorruptError, UnsupportedError."""
    with _errors():
        layer = _layer(destination, None)
        layer.put(0, points)
        workers.spread(layer.run, layer.settle())


def _layer(destination: Destination, stream: _core.Stream | None) -> _core.Layer:
    return _core.Layer(
        destination.dtype,
        destination.shape,
        destination.axes,
        destination.block,
        destination.region,
        destination.kept,
        destination.count,
        destination.step,
        destination.elements,
        stream,
    )


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the core's errors into those of the package."""
    try:
        yield
    except _core.Error as error:
        code = Code(error.args[0])
        raise (CorruptError if code // 100 == CorruptError.status else UnsupportedError)(code, error.args[1]) from None
