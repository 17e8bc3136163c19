"""Output files that appear whole or not at all: a temporary file beside the target, fsync, rename."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .constants import Code
from .errors import FileError, UsageError


@contextmanager
def output(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file that takes the target's place when the block ends well, and vanishes when it does not.

    Raises UsageError (output_exists) where there is a file and `force` is not set, and FileError (write_failed).
    Special files such as /dev/null or a named pipe are written to directly.
    """
    with _translated(target):
        special = target.exists() and not target.is_file() and not target.is_dir()
    if special:
        with _translated(target), target.open("wb") as file:
            yield file
        return
    _check_free(target, force)
    with _translated(target):
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _permissions(temporary, target)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)


def _check_free(target: Path, force: bool) -> None:
    if target.is_dir():
        raise UsageError(Code.BAD_OPTION, f"{target} is a folder; name a file.")
    if target.exists() and not force:
        raise UsageError(Code.OUTPUT_EXISTS, f"{target} exists already. Pass force=True (--force) to replace it.")


@contextmanager
def _translated(target: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileError(Code.WRITE_FAILED, f"Cannot write {target}: {error.strerror or error}.") from error


def _permissions(temporary: Path, target: Path) -> None:
    """Those of the file that is replaced, or what the user's mask leaves of rw-rw-rw-."""
    if target.exists():
        mode = target.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def map_file(path: Path) -> memoryview:
    """A read-only memory map of a file, which is unmapped with its last view. Raises FileError (read_failed)."""
    try:
        with path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return memoryview(b"")  # an empty file cannot be mapped
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FileError(Code.READ_FAILED, f"Cannot read {path}: {reason}.") from error
