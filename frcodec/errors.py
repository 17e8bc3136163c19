"""Every error that frcodec raises on purpose: one tree, one code a cause.

    FrcError                 exit status
      CheckError        1xx  1   a comparison asked for by the user found a difference
      UsageError        2xx  2   the caller asked for something that means nothing
      CorruptError      3xx  3   the input is damaged or not what it claims to be
      UnsupportedError  4xx  4   the input is sound but this version or these limits do not take it
      FileError         5xx  5   the operating system refused

The codes are those of the specification, section "Error codes".
"""

from __future__ import annotations

from .constants import Code


class FrcError(Exception):
    """A message for people, a stable `code` for programs, and where in the input it happened.

    The message says what was found, what was allowed and, where there is something to do, what to do.
    """

    status = 0
    """exit status of the command line tool, and hundreds digit of the codes"""

    def __init__(self, code: Code, message: str, *, offset: int | None = None) -> None:
        assert code // 100 == self.status, f"{code!r} does not belong to {type(self).__name__}"
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset
        """byte offset in the input, None where no single place is at fault"""

    def __str__(self) -> str:
        place = "" if self.offset is None else f" (at byte {self.offset})"
        return f"{self.message}{place}"


class CheckError(FrcError):
    """A comparison asked for by the user found a difference."""

    status = 1


class UsageError(FrcError):
    """The caller asked for something that means nothing or would do harm."""

    status = 2


class CorruptError(FrcError):
    """The input is damaged, cut short or not what it claims to be."""

    status = 3


class UnsupportedError(FrcError):
    """The input is sound, but beyond this version or the caller's limits."""

    status = 4


class FileError(FrcError):
    """The operating system refused to read or to write."""

    status = 5
