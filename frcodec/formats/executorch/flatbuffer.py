"""A reader for untrusted flatbuffers: every offset is checked before use, and reading takes bounded time.

A table is an offset to its vtable, and its fields; the vtable has the offset of each field in the table, 0 for a field
with its default value. Fields that are tables, vectors or strings hold the distance to them.
"""

from __future__ import annotations

from typing import Any, NoReturn

from flatbuffers import number_types
from flatbuffers.table import Table as RawTable

from ...constants import Code
from ...errors import CorruptError

U8: Any = number_types.Uint8Flags
I8: Any = number_types.Int8Flags
I16: Any = number_types.Int16Flags
U32: Any = number_types.Uint32Flags
I32: Any = number_types.Int32Flags
U64: Any = number_types.Uint64Flags

_OFFSET_BYTES = 4
_SLOT_BYTES = 2
_MAX_BYTES = (1 << 31) - 1
"""the maximum size of a flatbuffer"""
_MAX_ITEMS = 1 << 22


class Flatbuffer:
    """A flatbuffer. Tables, vector elements and characters read from it are counted against its size.

    Raises CorruptError (bad_model) for offsets outside of the buffer, and if more is read than its bytes can hold:
    many offsets may point to the same table.
    """

    def __init__(self, data: memoryview, what: str) -> None:
        self.data = data[:_MAX_BYTES]
        self._what = what
        self._left = min(len(data), _MAX_ITEMS)

    def root(self) -> Table:
        """The root table."""
        self.check(0, _OFFSET_BYTES)
        return Table(self, int.from_bytes(self.data[:_OFFSET_BYTES], "little"))

    def check(self, start: int, size: int) -> None:
        """Raise CorruptError unless `size` bytes from `start` are in the buffer."""
        if not 0 <= start <= len(self.data) - size:
            self.fail(f"bytes {start:,} to {start + size:,} are outside of its {len(self.data):,}")

    def count(self, items: int) -> None:
        """Count items before they are read."""
        self._left -= items
        if self._left < 0:
            self.fail("its tables have more items than its bytes can hold")

    def fail(self, what: str) -> NoReturn:
        """Raise CorruptError (bad_model)."""
        raise CorruptError(Code.BAD_MODEL, f"{self._what} is damaged: {what}.")


class Table:
    """A table; its fields are numbered as in the schema."""

    def __init__(self, buffer: Flatbuffer, position: int) -> None:
        buffer.count(1)
        buffer.check(position, _OFFSET_BYTES)
        self._buffer = buffer
        self._raw = RawTable(buffer.data, position)
        vtable = position - self._raw.Get(I32, position)
        buffer.check(vtable, 2 * _SLOT_BYTES)
        length = self._raw.Get(number_types.Uint16Flags, vtable)
        buffer.check(vtable, max(length, 2 * _SLOT_BYTES))
        self._length = length

    def number(self, field: int, kind: Any, default: int = 0) -> int:
        """A field that is a number, an enumerator or the type of a union."""
        place = self._place(field, kind.bytewidth)
        return default if place is None else int(self._raw.Get(kind, place))

    def table(self, field: int) -> Table | None:
        """A field that is a table, or the value of a union; None if it is absent."""
        place = self._place(field, _OFFSET_BYTES)
        return None if place is None else Table(self._buffer, self._raw.Indirect(place))

    def tables(self, field: int) -> list[Table]:
        """A vector of tables; empty if it is absent."""
        start, count = self._vector(field, _OFFSET_BYTES)
        places = range(start, start + count * _OFFSET_BYTES, _OFFSET_BYTES)
        return [Table(self._buffer, self._raw.Indirect(place)) for place in places]

    def numbers(self, field: int, kind: Any) -> list[int]:
        """A vector of numbers; empty if it is absent."""
        start, count = self._vector(field, kind.bytewidth)
        self._buffer.count(count)
        width = kind.bytewidth
        return [int(self._raw.Get(kind, start + number * width)) for number in range(count)]

    def span(self, field: int) -> tuple[int, int]:
        """Start and length of a vector of bytes, which are not read; (0, 0) if it is absent."""
        return self._vector(field, 1)

    def text(self, field: int) -> str:
        """A string; empty if it is absent."""
        start, count = self._vector(field, 1)
        self._buffer.count(count)
        try:
            return bytes(self._buffer.data[start : start + count]).decode()
        except UnicodeDecodeError:
            self._buffer.fail("a name in it is not valid UTF-8")

    def _place(self, field: int, size: int) -> int | None:
        """The position of a field of `size` bytes; None if it is absent."""
        slot = (field + 2) * _SLOT_BYTES
        if slot + _SLOT_BYTES > self._length:
            return None
        offset = self._raw.Offset(slot)
        if offset == 0:
            return None
        self._buffer.check(self._raw.Pos + offset, size)
        return int(self._raw.Pos + offset)

    def _vector(self, field: int, width: int) -> tuple[int, int]:
        """The start and number of the elements of a vector."""
        place = self._place(field, _OFFSET_BYTES)
        if place is None:
            return 0, 0
        start = int(self._raw.Indirect(place))
        self._buffer.check(start, _OFFSET_BYTES)
        count = int(self._raw.Get(U32, start))
        self._buffer.check(start + _OFFSET_BYTES, count * width)
        return start + _OFFSET_BYTES, count
