"""The errors that frcodec raises: one tree, and a code for every cause.

    FrcError                 exit status
      CheckError        1xx  1   a requested comparison found a difference
      UsageError        2xx  2   invalid arguments
      CorruptError      3xx  3   the input is damaged or not what it claims to be
      UnsupportedError  4xx  4   the input is valid, but beyond this version or the caller's limits
      FileError         5xx  5   the operating system failed to read or to write

The codes are those of the specification, section "Error codes".
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .constants import Code


class FrcError(Exception):
    """Base class: a message for people, a stable `code` for programs, and the place in the input.

    The message says what is wrong, what is allowed and, where possible, what to do. Errors can be pickled.
    """

    status = 0
    """exit status of the command line tool, and hundreds digit of the codes"""

    def __init__(self, code: Code, message: str, *, offset: int | None = None) -> None:
        assert code // 100 == self.status, f"{code!r} does not belong to {type(self).__name__}"
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        """byte offset in the input; None where there is no single place"""

    def __str__(self) -> str:
        place = "" if self.offset is None else f" (at byte {self.offset})"
        return f"{self.message}{place}"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), offset=self.offset), (self.code, self.message)


class CheckError(FrcError):
    """A requested comparison found a difference."""

    status = 1


class UsageError(FrcError):
    """The arguments are invalid, or would do harm."""

    status = 2


class CorruptError(FrcError):
    """The input is damaged, cut short or not what it claims to be."""

    status = 3


class UnsupportedError(FrcError):
    """The input is valid, but beyond this version or the caller's limits."""

    status = 4


class FileError(FrcError):
    """The operating system failed to read or to write."""

    status = 5
