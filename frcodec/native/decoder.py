"""The C++ decoder, called for streams of levels: the same bits and error codes as the NumPy stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..constants import Code
from ..errors import CorruptError, UnsupportedError
from ..tensors import Buffer
from ..work import processors
from . import _core

Ints = npt.NDArray[np.int32]


def crc32(data: Buffer, before: int) -> int:
    """CRC-32 of bytes whose CRC-32 is `before`, followed by `data`."""
    return _core.crc32(data, before)


@dataclass(frozen=True, slots=True)
class Destination:
    """A tensor to decode, in the core's terms (android_loader/core/layer.h)."""

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


def decode(stream: _core.Stream, destinations: Sequence[Destination]) -> None:
    """Fill the elements of all tensors of a stream. Raises CorruptError, UnsupportedError.

    Segments of long streams and parts of large transforms are spread over the processors.
    """
    with _errors():
        if len(destinations) == 1:
            layer = _layer(destinations[0], stream)
            _spread(lambda segment: layer.put_segment(stream, segment), stream.segments, in_order=layer.in_order)
            _finish(layer)
        else:
            _decode_together(stream, destinations)


def _decode_together(stream: _core.Stream, destinations: Sequence[Destination]) -> None:
    """Tensors whose levels are one sequence."""
    if stream.has_row_steps:
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps, but is not that of a single tensor.")
    points = np.empty(sum(destination.count for destination in destinations), np.int32)
    pieces = np.split(points, np.cumsum([stream.size(segment) for segment in range(stream.segments)])[:-1])
    _spread(lambda segment: stream.decode(segment, pieces[segment]), stream.segments)
    first = 0
    for destination in destinations:
        fill(destination, points[first : first + destination.count])
        first += destination.count


def fill(destination: Destination, points: Ints) -> None:
    """Fill the elements of a tensor from its points [count]. Raises CorruptError, UnsupportedError."""
    with _errors():
        layer = _layer(destination, None)
        layer.put(0, points)
        _finish(layer)


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


def _finish(layer: _core.Layer) -> None:
    _spread(layer.run, layer.settle())


def _spread(work: Callable[[int], None], count: int, *, in_order: bool = False) -> None:
    """Call work(0) … work(count - 1), which release the GIL, on all processors. The first error counts."""
    if count < 2 or in_order or processors() < 2:
        for number in range(count):
            work(number)
        return
    with ThreadPoolExecutor(min(count, processors())) as pool:
        for done in [pool.submit(work, number) for number in range(count)]:
            done.result()


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the core's errors into those of the package."""
    try:
        yield
    except _core.Error as error:
        code = Code(error.args[0])
        raise (CorruptError if code // 100 == CorruptError.status else UnsupportedError)(code, error.args[1]) from None
