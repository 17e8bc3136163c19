"""The record of each entry: levels, lossless bytes, or a view (spec section "Index")."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from ..stages.layer import Layer
from ..tensors import DType, View


@dataclass(frozen=True, slots=True)
class LevelsRecord:
    """An entry coded as levels."""

    name: str
    layer: Layer
    stream: int
    """position of its stream in the index"""

    @property
    def dtype(self) -> DType:
        """Element type."""
        return self.layer.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decoded tensor."""
        return self.layer.shape


@dataclass(frozen=True, slots=True)
class LosslessRecord:
    """An entry whose bytes are stored without loss."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    stream: int


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """An entry that is a view into another."""

    view: View
    dtype: DType

    @property
    def name(self) -> str:
        """Name of the entry."""
        return self.view.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the view."""
        return self.view.shape


Record: TypeAlias = LevelsRecord | LosslessRecord | ViewRecord


@dataclass(frozen=True, slots=True)
class Stream:
    """The coded bytes of one or more entries."""

    size: int
    """bytes"""
    digest: int
    """CRC-32 of the decoded bytes of its entries, concatenated"""


@dataclass(frozen=True, slots=True)
class Index:
    """The contents of a file."""

    records: tuple[Record, ...]
    streams: tuple[Stream, ...]
    own: int
    """number of streams, from the first, that belong to one entry each, in the order of the entries"""

    def members(self) -> list[list[int]]:
        """Positions of the records of each stream, ascending."""
        result: list[list[int]] = [[] for _ in self.streams]
        for position, record in enumerate(self.records):
            if not isinstance(record, ViewRecord):
                result[record.stream].append(position)
        return result


def byte_size(record: Record) -> int:
    """Decoded bytes of an entry."""
    return prod(record.shape) * record.dtype.itemsize
