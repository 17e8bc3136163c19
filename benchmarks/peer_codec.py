"""The interface of a codec in the comparison, and a plain file format for peers without their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import zstandard
from numpy.typing import NDArray

Tensors: TypeAlias = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Coded:
    """The result of encoding."""

    size: int
    """bytes"""
    content: Any
    """input of `decode`"""


class Codec(Protocol):
    """A codec; one object encodes one model."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Whose versions matter."""
        ...

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """All tensors of a model in one file."""
        ...

    def decode(self, content: Any) -> Tensors:
        """The same names, shapes and dtypes again."""
        ...


@dataclass(frozen=True)
class Part:
    """One tensor in a plain file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    payload: bytes


def part(name: str, array: NDArray[Any], payload: bytes) -> Part:
    """An array by name, with its coded values."""
    return Part(name, array.dtype.str, array.shape, payload)


def packed(parts: Iterable[Part]) -> Coded:
    """A file: length of the header (u32), header (JSON under zstd), all payloads."""
    parts = list(parts)
    header = json.dumps([[p.name, p.dtype, p.shape, len(p.payload)] for p in parts], separators=(",", ":"))
    frame = compressed(header.encode())
    content = b"".join([len(frame).to_bytes(4, "little"), frame, *(p.payload for p in parts)])
    return Coded(len(content), content)


def unpacked(content: bytes) -> Iterator[Part]:
    """The parts of a file."""
    start = 4 + int.from_bytes(content[:4], "little")
    for name, dtype, shape, size in json.loads(decompressed(content[4:start])):
        yield Part(name, dtype, tuple(shape), content[start : start + size])
        start += size


def compressed(data: bytes) -> bytes:
    """A zstd frame of level 19."""
    return zstandard.ZstdCompressor(level=19).compress(data)


def decompressed(frame: bytes) -> bytes:
    """The content of a zstd frame."""
    return zstandard.ZstdDecompressor().decompress(frame)


def save(tensors: Tensors, path: Path) -> None:
    """Write an .npz file, uncompressed."""
    arrays: Any = tensors
    np.savez(path, **arrays)


def load(path: Path) -> Tensors:
    """All arrays of an .npz file."""
    with np.load(path) as archive:
        return dict(archive)


def is_weight(array: NDArray[Any]) -> bool:
    """Whether a peer without its own rules quantizes the array instead of storing it."""
    return array.ndim >= 2 and array.dtype == np.float32
