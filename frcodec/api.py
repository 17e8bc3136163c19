"""The Python API: model files and dictionaries of arrays to .frc files and back.

Every function raises only subclasses of `frcodec.FrcError` for what its callers or its inputs do wrong.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, BinaryIO, Literal, TypeAlias

from .constants import DEFAULT_MAX_BYTES, MAX_METADATA_BYTES, MAX_NAME_BYTES, Code
from .container.reader import Reader
from .decoder.file import FrcFile
from .decoder.width import Width
from .disk import output
from .encoder.encode import encode, predict
from .encoder.options import Options
from .encoder.reports import EncodeReport
from .errors import FileError, UsageError
from .formats.model import Model
from .formats.npz import write_npz
from .formats.plain import Header
from .formats.pytorch.state_dict import write_pt
from .formats.read import read_model
from .formats.safetensors import write_safetensors
from .tensors import Array, Entry, from_array, raw_bytes
from .work import Progress

PathOrFile: TypeAlias = "str | PathLike[str] | BinaryIO"
Format: TypeAlias = Literal["pt", "safetensors", "npz"]

_PLAIN = {"pt": write_pt, "safetensors": write_safetensors, "npz": write_npz}


def encode_file(
    source: PathOrFile,
    target: PathOrFile,
    *,
    options: Options | None = None,
    force: bool = False,
    threads: int | None = None,
    metadata: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> EncodeReport:
    """Encode a model file (.pt, .pth, .ptl, TorchScript, .pte or .safetensors) to an .frc file.

    Without options every tensor gets the default quality. An existing target is replaced only with `force`.
    `threads` defaults to the number of processors; the file is the same for any number.
    """
    _check_apart(source, target)
    options = options or Options()
    with _model(source, options) as (model, size), _target(target, force) as out:
        return encode(
            model,
            out,
            options,
            threads=_threads(threads),
            metadata=_texts(metadata),
            progress=progress,
            source_bytes=size,
        )


def plan_file(
    source: PathOrFile, *, options: Options | None = None, threads: int | None = None, progress: Progress | None = None
) -> EncodeReport:
    """What `encode_file` would report, without writing anything."""
    options = options or Options()
    with _model(source, options) as (model, size):
        return predict(model, options, threads=_threads(threads), progress=progress, source_bytes=size)


def decode_file(
    source: PathOrFile,
    target: PathOrFile,
    *,
    to: Format | None = None,
    width: Width | None = None,
    force: bool = False,
    max_bytes: int = DEFAULT_MAX_BYTES,
    progress: Progress | None = None,
) -> None:
    """Rebuild the model file that an .frc file was made from, or with `to` a plain state dict of that format.

    A state dict may have another `width`, as for `open_file`.
    The target appears whole and checked, or not at all; a stream as target may have been written to in part
    when an error is raised.
    """
    _check_apart(source, target)
    with open_file(source, width=width, force=force, max_bytes=max_bytes) as file, _target(target, force) as out:
        if to is None:
            file.decoder.rebuild(out.write, progress)
        else:
            _write_plain(file, out, to, progress)


def open_file(
    source: PathOrFile | bytes | memoryview,
    *,
    width: Width | None = None,
    force: bool = False,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> FrcFile:
    """Open an .frc file; only its framing and its index are read.

    Where the file declares channel axes, `width` gives its tensors with other numbers of channels: 16 for at most 16
    in every group, "1/4" or 0.25 for that part of them, "8,16" or (8, 16) for a length of every group, {1: 16} for
    some. UsageError (unvalidated_width) for a width that is not in the file's list, unless `force`.
    """
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0:
        raise UsageError(Code.BAD_OPTION, f"max_bytes must be a number of bytes, not {max_bytes!r}.")
    if isinstance(source, bytes | memoryview):
        return _opened(source, max_bytes, width, force)
    if isinstance(source, str | PathLike):
        return _opened(Path(source), max_bytes, width, force)
    if not hasattr(source, "read"):
        raise UsageError(Code.BAD_OPTION, f"A path, a binary file or bytes are needed, not a {type(source).__name__}.")
    with _spooled(source) as path:
        return _opened(path, max_bytes, width, force)


def load_file(
    source: PathOrFile | bytes | memoryview,
    *,
    width: Width | None = None,
    force: bool = False,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> dict[str, Array]:
    """All tensors of an .frc file by name, as `FrcFile` gives them; at another width as for `open_file`."""
    with open_file(source, width=width, force=force, max_bytes=max_bytes) as file:
        arrays = zip(file, file.arrays(), strict=True)
        return {name: array if array.flags.writeable else array.copy() for name, array in arrays}


def save_file(
    tensors: Mapping[str, Array],
    target: PathOrFile,
    *,
    options: Options | None = None,
    force: bool = False,
    threads: int | None = None,
    metadata: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> EncodeReport:
    """Encode a dictionary of NumPy arrays; there is no model file to rebuild, only tensors."""
    for name in tensors:
        if not isinstance(name, str) or not name or "\0" in name or len(_utf8(name)) > MAX_NAME_BYTES:
            raise UsageError(
                Code.BAD_TENSOR,
                f"{name!r} is no tensor name: a string of 1 to {MAX_NAME_BYTES} bytes without NUL is needed.",
            )
    entries = [from_array(name, array) for name, array in tensors.items()]
    return save_entries(
        entries, (), target, options=options, force=force, threads=threads, metadata=metadata, progress=progress
    )


def save_entries(
    entries: Sequence[Entry],
    lossless: Iterable[int],
    target: PathOrFile,
    *,
    options: Options | None,
    force: bool,
    threads: int | None,
    metadata: Mapping[str, str] | None,
    progress: Progress | None,
) -> EncodeReport:
    """Encode entries without a model file; those at the positions `lossless` without loss."""
    model = Model("tensors", entries, None, frozenset(lossless))
    with _target(target, force) as out:
        return encode(
            model, out, options or Options(), threads=_threads(threads), metadata=_texts(metadata), progress=progress
        )


def _opened(source: Path | bytes | memoryview, max_bytes: int, width: Width | None, force: bool) -> FrcFile:
    reader = Reader(source, max_bytes=max_bytes)
    try:
        return FrcFile(reader, width, force=force)
    except BaseException:
        reader.close()
        raise


def _check_apart(source: PathOrFile, target: PathOrFile) -> None:
    """Refuse arguments of other types, and to write over the file that is being read."""
    for argument in (source, target):
        if (
            not isinstance(argument, str | PathLike)
            and not hasattr(argument, "read")
            and not hasattr(argument, "write")
        ):
            raise UsageError(Code.BAD_OPTION, f"A path or a binary file is needed, not a {type(argument).__name__}.")
    if not isinstance(source, str | PathLike) or not isinstance(target, str | PathLike):
        return
    with suppress(OSError):
        if Path(source).samefile(target):
            raise UsageError(Code.BAD_OPTION, f"Input and output are the same file, {target}: name another output.")


def _write_plain(file: FrcFile, out: BinaryIO, to: Format, progress: Progress | None) -> None:
    if to not in _PLAIN:
        raise UsageError(Code.BAD_OPTION, f"There is no output format {to!r}; choose from {', '.join(_PLAIN)}.")
    headers = [Header(name, file.record(name).dtype, file.record(name).shape) for name in file]
    total = sum(header.nbytes for header in headers)
    names = list(file)
    done = 0

    def fetch(number: int) -> bytes | bytearray | memoryview:
        nonlocal done
        if progress:
            progress(done, total, names[number])
        done += headers[number].nbytes
        return raw_bytes(file.decoder.entry(file._positions[names[number]]))

    _PLAIN[to](out, headers, fetch)


@contextmanager
def _model(source: PathOrFile, options: Options) -> Iterator[tuple[Model, int]]:
    """A model file taken apart, and its size."""
    with ExitStack() as stack:
        path = Path(source) if isinstance(source, str | PathLike) else stack.enter_context(_spooled(source))
        model = read_model(path, normalize=not options.lossless, max_bytes=DEFAULT_MAX_BYTES)
        yield model, path.stat().st_size


@contextmanager
def _target(target: PathOrFile, force: bool) -> Iterator[BinaryIO]:
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
def _spooled(stream: IO[bytes]) -> Iterator[Path]:
    """What a stream holds, in a temporary file that exists as long as the block runs."""
    with tempfile.NamedTemporaryFile(prefix="frcodec-") as file:
        try:
            shutil.copyfileobj(stream, file)
            file.flush()
        except OSError as error:
            raise FileError(Code.READ_FAILED, f"Cannot read the input stream: {error.strerror or error}.") from error
        yield Path(file.name)


def _threads(asked: int | None) -> int:
    if asked is not None and asked < 1:
        raise UsageError(Code.BAD_OPTION, f"{asked} threads cannot do any work; ask for at least 1.")
    return asked or os.cpu_count() or 1


def _texts(metadata: Mapping[str, str] | None) -> dict[str, str]:
    texts = dict(metadata or {})
    for key, value in texts.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise UsageError(Code.BAD_OPTION, f"Metadata must be text by text, not {key!r}: {value!r}.")
    size = sum(len(_utf8(text)) for item in texts.items() for text in item) + 10 * len(texts) + 5
    if size > MAX_METADATA_BYTES:
        raise UsageError(Code.BAD_OPTION, f"The metadata takes {size} bytes; at most {MAX_METADATA_BYTES} are allowed.")
    return texts


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no Unicode text.") from None
