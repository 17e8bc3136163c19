"""The C++ decoder core, and whether it is used: the one place that imports the extension.

It gives the same bits and the same error codes as the NumPy code beside it. The environment variable FRCODEC_NATIVE=0
selects NumPy for the whole process.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from . import _native
from .constants import Code
from .errors import CorruptError, UnsupportedError

Ints = npt.NDArray[np.int32]
Buffer = bytes | bytearray | memoryview

_CHOICE = {"native": os.environ.get("FRCODEC_NATIVE", "1") != "0"}


def enabled() -> bool:
    """Whether the stages use the core."""
    return _CHOICE["native"]


@contextmanager
def using(native: bool) -> Iterator[None]:
    """Use the core, or NumPy, within a block and in all threads; for tests."""
    before, _CHOICE["native"] = _CHOICE["native"], native
    try:
        yield
    finally:
        _CHOICE["native"] = before


def crc32(data: Buffer, before: int = 0) -> int:
    """CRC-32 of what had the CRC-32 `before`, continued by `data`."""
    return _native.crc32(data, before) if enabled() else zlib.crc32(data, before)


@dataclass(frozen=True, slots=True)
class Target:
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


def opened(data: Buffer, shape: tuple[int, ...]) -> _native.Stream:
    """A stream of levels with this level shape, its header read. Raises CorruptError, UnsupportedError."""
    with _errors():
        return _native.Stream(data, shape)


def decode(stream: _native.Stream, targets: Sequence[Target]) -> None:
    """Fill the elements of all tensors of a stream. Raises CorruptError, UnsupportedError.

    Segments of long streams and parts of large transforms are spread over the processors.
    """
    with _errors():
        if len(targets) == 1:
            layer = _layer(targets[0], stream)
            _spread(lambda segment: layer.put_segment(stream, segment), stream.segments, in_order=layer.in_order)
            _finish(layer)
        else:
            _decode_together(stream, targets)


def _decode_together(stream: _native.Stream, targets: Sequence[Target]) -> None:
    """Tensors whose levels are one sequence."""
    if stream.has_row_steps:
        raise CorruptError(Code.BAD_STREAM, "A stream has row steps, but is not that of a single tensor.")
    points = np.empty(sum(target.count for target in targets), np.int32)
    pieces = np.split(points, np.cumsum([stream.size(segment) for segment in range(stream.segments)])[:-1])
    _spread(lambda segment: stream.decode(segment, pieces[segment]), stream.segments)
    first = 0
    for target in targets:
        fill(target, points[first : first + target.count])
        first += target.count


def fill(target: Target, points: Ints) -> None:
    """Fill the elements of a tensor from its points [count]. Raises CorruptError, UnsupportedError."""
    with _errors():
        layer = _layer(target, None)
        layer.put(0, points)
        _finish(layer)


def _layer(target: Target, stream: _native.Stream | None) -> _native.Layer:
    return _native.Layer(
        target.dtype,
        target.shape,
        target.axes,
        target.block,
        target.region,
        target.kept,
        target.count,
        target.step,
        target.elements,
        stream,
    )


def _finish(layer: _native.Layer) -> None:
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


@cache
def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the core's errors into those of the package."""
    try:
        yield
    except _native.Error as error:
        code = Code(error.args[0])
        raise (CorruptError if code // 100 == CorruptError.status else UnsupportedError)(code, error.args[1]) from None
