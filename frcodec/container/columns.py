"""Columns of the index: one value for each entry that has such a field, checked as they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..constants import MAX_ENTRIES, MAX_NAME_BYTES, Code
from ..errors import CorruptError, UnsupportedError
from . import packed


class Column:
    """A column of unsigned integers whose length follows from others."""

    def __init__(self, values: Any, name: str) -> None:
        self.values = integers(values, name)
        self._name, self._at = name, 0

    def take(self, count: int) -> Sequence[int]:
        """The next values."""
        if self._at + count > len(self.values):
            raise bad_record(f"The index column {self._name!r} is too short.")
        self._at += count
        return self.values[self._at - count : self._at]

    def finish(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self.values):
            raise bad_record(f"The index column {self._name!r} is too long.")


def integers(value: Any, name: str, count: int | None = None) -> list[int]:
    """A column of unsigned integers [count]. Raises CorruptError (bad_record)."""
    if not isinstance(value, list) or not packed.are_integers(value):
        raise bad_record(f"The index column {name!r} is not an array of integers in 0 … 2^53.")
    if count is not None and len(value) != count:
        raise bad_record(f"The index column {name!r} has {len(value)} values instead of {count}.")
    return value


def octets(value: Any, name: str, count: int) -> bytes:
    """A column of bytes [count]. Raises CorruptError (bad_record)."""
    if not isinstance(value, bytes) or len(value) != count:
        raise bad_record(f"The index column {name!r} is not a string of {count} bytes.")
    return value


def names(value: Any) -> list[str]:
    """The names of all entries, each ended by NUL; "" is a tensor without a name.

    Raises CorruptError (bad_name) or UnsupportedError (too_large).
    """
    if not isinstance(value, str):
        raise CorruptError(Code.BAD_NAME, "The names in the index are not a UTF-8 string.")
    if value.count("\0") > MAX_ENTRIES:
        raise UnsupportedError(Code.TOO_LARGE, f"The index lists more than {MAX_ENTRIES} entries.")
    *result, rest = value.split("\0")
    if rest:
        raise CorruptError(Code.BAD_NAME, "The last name in the index does not end with NUL.")
    named = [name for name in result if name]
    if len(set(named)) < len(named):
        duplicate, _ = Counter(named).most_common(1)[0]
        raise CorruptError(Code.BAD_NAME, f"Two tensors are named {duplicate!r}.")
    if any(len(name.encode()) > MAX_NAME_BYTES for name in named):
        raise CorruptError(Code.BAD_NAME, f"A tensor name is longer than {MAX_NAME_BYTES} bytes.")
    return result


def bad_record(message: str) -> CorruptError:
    """The error of a wrong field."""
    return CorruptError(Code.BAD_RECORD, message)
