"""What the file arguments mean: derived names, folders, pipes, and - for the standard streams."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from ..constants import MAGIC, Code
from ..errors import CorruptError, FileError, UnsupportedError, UsageError
from ..formats.suffixes import MODEL_SUFFIXES
from .text import escaped

STANDARD: Final = "-"

_CHUNK = 1 << 20


def encoded_name(source: str) -> str:
    """Where the .frc of a model goes unless the user says so: beside it; stdout for stdin."""
    if source == STANDARD:
        return STANDARD
    path = Path(source)
    return str(
        path.with_suffix(".frc") if path.suffix.lower() in MODEL_SUFFIXES else path.with_name(path.name + ".frc")
    )


def decoded_name(source: str, suffix: str) -> str:
    """Where a model goes unless the user says so: beside its .frc, with this ending; stdout for stdin."""
    if source == STANDARD:
        return STANDARD
    path = Path(source)
    return str(path.with_suffix(suffix) if path.suffix.lower() == ".frc" else path.with_name(path.name + suffix))


def target_name(output: str | None, derived: str) -> str:
    """The output the user means: a name of its own, the derived one, or that inside the folder given."""
    if output is None:
        return derived
    if output != STANDARD and (Path(output).is_dir() or output.endswith(os.sep)):
        if derived == STANDARD:
            raise UsageError(Code.BAD_OPTION, f"{output} is a folder, and stdin has no name to keep. Name a file.")
        return str(Path(output) / Path(derived).name)
    return output


def check_target(source: str, target: str, *, force: bool, as_json: bool) -> None:
    """Refuse an output before any work is done for it: one that exists, and the input itself even by force.

    Raises UsageError.
    """
    if target == STANDARD:
        if as_json:
            raise UsageError(Code.BAD_OPTION, "With --json stdout takes the document: name an output file with -o.")
        return
    if not Path(target).is_file():
        return
    if source != STANDARD and Path(source).is_file() and Path(source).samefile(target):
        raise UsageError(Code.BAD_OPTION, f"{target} is the input itself. Name another output with -o.")
    if not force:
        raise UsageError(
            Code.OUTPUT_EXISTS, f"{target} exists already. Use --force to replace it, or -o to name another output."
        )


def source_of(argument: str) -> Path | BinaryIO:
    """A file by its path, so that it can be mapped; a pipe or a device as an open stream.

    Raises FileError where it cannot be read, UsageError for stdin from a terminal.
    """
    if argument == STANDARD:
        return _stdin()
    path = Path(argument)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FileError(Code.READ_FAILED, f"Cannot read {argument}: it is a folder.")
        if not stat.S_ISREG(mode):
            return path.open("rb")
        path.open("rb").close()  # whether we may
    except OSError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read {argument}: {error.strerror or error}.") from error
    except ValueError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read {argument!r}: {error}.") from error
    return path


def frc_of(argument: str, max_bytes: int) -> Path | memoryview:
    """An .frc file by its path, or all of a stream; one that starts otherwise is not read to its end."""
    source = source_of(argument)
    if isinstance(source, Path):
        return source
    return memoryview(_read_all(source, MAGIC, max_bytes))


def model_of(argument: str, max_bytes: int) -> Path | memoryview:
    """A model file by its path, or all of a stream."""
    source = source_of(argument)
    return source if isinstance(source, Path) else memoryview(_read_all(source, b"", max_bytes))


def target_of(argument: str) -> Path | BinaryIO:
    """A path, or stdout unless that is a terminal."""
    if argument != STANDARD:
        return Path(argument)
    if sys.stdout is None:
        raise FileError(Code.WRITE_FAILED, "Cannot write to stdout: it is closed.")
    if sys.stdout.isatty():
        raise UsageError(
            Code.BINARY_TO_TERMINAL, "Refusing to write binary data to a terminal. Name a file with -o, or use a pipe."
        )
    return cast(BinaryIO, _Stdout(sys.stdout.buffer))


class _Stdout:
    """Binary stdout whose errors are this tool's; a closed pipe stays what it is."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """All of the data, or FileError."""
        with self._translated():
            return self._stream.write(data)

    def flush(self) -> None:
        """Hand everything to the system, or FileError."""
        with self._translated():
            self._stream.flush()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise FileError(Code.WRITE_FAILED, f"Cannot write to stdout: {error.strerror or error}.") from error


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise FileError(Code.READ_FAILED, "Cannot read stdin: it is closed.")
    if sys.stdin.isatty():
        raise UsageError(Code.BAD_OPTION, "Refusing to read a binary file from a terminal. Name a file, or use a pipe.")
    return sys.stdin.buffer


def _read_all(stream: BinaryIO, magic: bytes, max_bytes: int) -> bytearray:
    data = bytearray()
    try:
        while chunk := stream.read(_CHUNK):
            data += chunk
            if len(data) > max_bytes:
                raise UnsupportedError(Code.TOO_LARGE, f"The input has more than {max_bytes:,} bytes (--max-bytes).")
            if not data.startswith(magic[: len(data)]):
                start = data[:4].hex()
                raise CorruptError(
                    Code.BAD_MAGIC, f"This is not an .frc file: it starts with {start}, not {magic.hex()}.", offset=0
                )
    except OSError as error:
        raise FileError(Code.READ_FAILED, f"Cannot read the input: {error.strerror or error}.") from error
    return data


def flush(target: Path | BinaryIO) -> None:
    """Hand what was written to a stream to the system, so that its errors are seen."""
    if not isinstance(target, Path):
        target.flush()


def shown(argument: str, *, output: bool = False) -> str:
    """A file argument in a message."""
    if argument == STANDARD:
        return "stdout" if output else "stdin"
    return escaped(argument)
