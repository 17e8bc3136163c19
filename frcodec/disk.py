"""Sources and targets: inputs as mappings or spooled streams, outputs that appear as a whole or not at all."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, BinaryIO, TypeAlias

from .constants import Code
from .errors import FileError, UsageError

PathOrFile: TypeAlias = "str | PathLike[str] | BinaryIO"
"""a path, or a binary file to read or to write"""
Source: TypeAlias = "PathOrFile | bytes | bytearray | memoryview"
"""a path, a binary file to read, or the bytes of a file"""


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
        try:  # around the creation, so that no interrupt leaves the file behind
            with temporary.open("xb") as file:  # O_CREAT | O_EXCL, rw-rw-rw- less the umask
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


def check_apart(source: Source, target: PathOrFile) -> None:
    """Refuse arguments of other types, and to write over the file that is being read."""
    if not isinstance(target, str | PathLike) and not hasattr(target, "write"):
        raise UsageError(Code.BAD_OPTION, f"The output must be a path or a binary file, not a {type(target).__name__}.")
    if not isinstance(source, str | PathLike) or not isinstance(target, str | PathLike):
        return
    with suppress(OSError, ValueError):
        if Path(source).samefile(target):
            raise UsageError(Code.BAD_OPTION, f"Input and output are the same file, {target}: name another output.")


@contextmanager
def open_target(target: PathOrFile, *, force: bool) -> Iterator[BinaryIO]:
    """A target to write to: a path as in `output`, or the binary file itself. Raises FileError (write_failed)."""
    if isinstance(target, str | PathLike):
        with output(Path(target), force=force) as out:
            yield out
        return
    try:
        yield target
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileError(Code.WRITE_FAILED, f"Cannot write the output: {error.strerror or error}.") from error


@contextmanager
def read_source(source: Source) -> Iterator[Path | bytes | memoryview]:
    """A source as a path or as bytes."""
    if isinstance(source, bytes | memoryview):
        yield source
    elif isinstance(source, bytearray):
        yield memoryview(source)
    elif isinstance(source, str | PathLike):
        yield Path(source)
    else:
        with spool(source) as path:
            yield path


@contextmanager
def spool(stream: IO[bytes]) -> Iterator[Path]:
    """The content of a stream in a temporary file that exists as long as the block runs."""
    if not hasattr(stream, "read"):
        raise UsageError(Code.BAD_OPTION, f"A path, a binary file or bytes are needed, not a {type(stream).__name__}.")
    with tempfile.NamedTemporaryFile(prefix="frcodec-") as file:
        try:
            shutil.copyfileobj(stream, file)
            file.flush()
        except OSError as error:
            raise FileError(Code.READ_FAILED, f"Cannot read the input stream: {error.strerror or error}.") from error
        yield Path(file.name)
