"""Files on disk: inputs as mappings, and outputs that appear as a whole or not at all."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .constants import Code
from .errors import FileError, UsageError


@contextmanager
def output(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file to write that takes the target's place when the block ends, and vanishes when it raises.

    It is a temporary file in the target's folder, written, synced to disk and then renamed. A replaced file passes on
    its mode; a new one has that of the process' umask. Special files such as /dev/null or a named pipe are written to
    directly.
    Raises UsageError (output_exists) where the target exists and `force` is not set, and FileError (write_failed).
    """
    with _translated(target):
        special = target.exists() and not target.is_file() and not target.is_dir()
    if special:
        with _translated(target), target.open("wb") as file:
            yield file
        return
    _check_free(target, force)
    with _translated(target):
        temporary = target.with_name(f".{target.name[:20]}.{os.urandom(8).hex()}.tmp")
        file = temporary.open("xb")  # O_CREAT | O_EXCL with rw-rw-rw-, to which the system applies the umask
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
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
