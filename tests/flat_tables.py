"""Flatbuffers written field by field, for files that no exporter makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flatbuffers


@dataclass(frozen=True)
class Number:
    """A field that is a number of this kind: "Uint32", "Int8", …"""

    kind: str
    value: int


@dataclass(frozen=True)
class Numbers:
    """A vector of numbers."""

    kind: str
    values: tuple[int, ...]


class Fields(dict[int, Any]):
    """A table: number of a field -> number, text, bytes, table or list of tables. The same object is written once."""


BYTES = {"Uint8": 1, "Int8": 1, "Int16": 2, "Uint32": 4, "Int32": 4, "Uint64": 8}


def u8(value: int) -> Number:
    return Number("Uint8", value)


def u32(value: int) -> Number:
    return Number("Uint32", value)


def u64(value: int) -> Number:
    return Number("Uint64", value)


def flatbuffer(root: Fields, identifier: bytes) -> bytes:
    """The flatbuffer with this root."""
    builder = flatbuffers.Builder()
    done: dict[int, int] = {}
    builder.Finish(_table(builder, root, done), file_identifier=identifier)
    return bytes(builder.Output())


def _table(builder: Any, fields: Fields, done: dict[int, int]) -> int:
    if id(fields) in done:
        return done[id(fields)]
    offsets = {field: _outside(builder, value, done) for field, value in fields.items()}
    builder.StartObject(max(fields, default=-1) + 1)
    for field, value in fields.items():
        if isinstance(value, Number):
            _prepend(builder, value.kind)(value.value)
            builder.Slot(field)
        else:
            builder.PrependUOffsetTRelativeSlot(field, offsets[field], 0)
    done[id(fields)] = builder.EndObject()
    return done[id(fields)]


def _outside(builder: Any, value: object, done: dict[int, int]) -> int:
    """Write what a table only points at."""
    if isinstance(value, Number):
        return 0
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, bytes):
        return int(builder.CreateByteVector(value))
    if isinstance(value, Fields):
        return _table(builder, value, done)
    if isinstance(value, Numbers):
        width, prepend, items = BYTES[value.kind], _prepend(builder, value.kind), list(value.values)
    else:
        assert isinstance(value, list)
        width, prepend, items = 4, builder.PrependUOffsetTRelative, [_table(builder, item, done) for item in value]
    builder.StartVector(width, len(items), width)
    for item in reversed(items):
        prepend(item)
    return int(builder.EndVector())


def _prepend(builder: Any, kind: str) -> Callable[[int], None]:
    return getattr(builder, f"Prepend{kind}")  # type: ignore[no-any-return]
