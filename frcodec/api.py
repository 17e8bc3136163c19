"""The Python API: encode and decode model files and dictionaries of arrays.

Every function raises only subclasses of `frcodec.FrcError` for invalid arguments and inputs. Those that read .frc files
alone import neither the encoder nor the formats of model files. One long file: all public functions but torch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from .constants import DEFAULT_MAX_BYTES, MAX_METADATA_BYTES, MAX_NAME_BYTES, Code
from .container.reader import Reader
from .decoder.file import FrcFile
from .decoder.width import Width
from .disk import PathOrFile, Source, check_apart, open_target, read_source, spool
from .errors import UsageError
from .report import inspect as inspection
from .tensors import Array, Entry, from_array, raw_bytes
from .work import Progress, thread_count

if TYPE_CHECKING:
    from .encoder.options import Options
    from .encoder.reports import EncodeReport
    from .formats.model import Model
    from .report.inspect import FileReport
    from .report.verify import VerifyReport

Format: TypeAlias = Literal["pt", "safetensors", "npz"]


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
    `threads` is the largest number of threads, by default that of the processors; the file is the same for any number.

    Raises:
        UsageError: invalid options or arguments; the target exists (output_exists).
        CorruptError: the model file is damaged (bad_model).
        UnsupportedError: the model file is of an unknown kind (unsupported_model).
        FileError: reading or writing failed.
    """
    from .encoder.encode import encode
    from .encoder.options import Options

    check_apart(source, target)
    options = options or Options()
    with _model(source, options) as (model, size), open_target(target, force=force) as out:
        return encode(
            model,
            out,
            options,
            threads=thread_count(threads),
            metadata=_texts(metadata),
            progress=progress,
            source_bytes=size,
        )


def plan_file(
    source: PathOrFile, *, options: Options | None = None, threads: int | None = None, progress: Progress | None = None
) -> EncodeReport:
    """The report that `encode_file` would return, without writing a file."""
    from .encoder.encode import predict
    from .encoder.options import Options

    options = options or Options()
    with _model(source, options) as (model, size):
        return predict(model, options, threads=thread_count(threads), progress=progress, source_bytes=size)


def decode_file(
    source: Source,
    target: PathOrFile,
    *,
    to: Format | None = None,
    width: Width | None = None,
    allow_unvalidated: bool = False,
    force: bool = False,
    threads: int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    progress: Progress | None = None,
) -> None:
    """Rebuild the model file that an .frc file was encoded from, or with `to` write a state dict in that format.

    A state dict may have another `width`; `width`, `allow_unvalidated`, `threads` and `max_bytes` are those of
    `open_file`. An existing target is replaced only with `force`.
    A path as target appears as a whole, its checksums compared, or not at all; a file as target may have been written
    to in part when an error is raised.

    Raises:
        UsageError: invalid arguments; the target exists (output_exists); a width without validation
            (unvalidated_width); without `to`, a file that holds only tensors (bad_option).
        CorruptError, UnsupportedError, FileError: as `open_file`; writing failed.
    """
    check_apart(source, target)
    with (
        open_file(
            source, width=width, allow_unvalidated=allow_unvalidated, threads=threads, max_bytes=max_bytes
        ) as file,
        open_target(target, force=force) as out,
    ):
        if to is None:
            file.rebuild(out.write, progress)
        else:
            _write_plain(file, out, to, progress)


def open_file(
    source: Source,
    *,
    width: Width | None = None,
    allow_unvalidated: bool = False,
    threads: int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> FrcFile:
    """Open an .frc file; only its framing and its index are read.

    Where the file declares channel axes, `width` selects its tensors with other numbers of channels: 16 for at most 16
    in every group, "1/4" or 0.25 for that share of them, "8,16" or (8, 16) for the length of every group, {1: 16} for
    some groups. A width that is not in the file's list of validated ones needs `allow_unvalidated`.
    `threads` is the largest number of threads that decode, by default that of the processors. `max_bytes` limits the
    decoded size of all tensors together.

    Raises:
        UsageError: invalid arguments (bad_option); a width without validation (unvalidated_width).
        CorruptError: the file is damaged, or no .frc file.
        UnsupportedError: the file needs a newer version, or decodes to more than `max_bytes` (too_large).
        FileError: the file cannot be read (read_failed).
    """
    threads = thread_count(threads)
    with read_source(source) as data:
        reader = Reader(data, max_bytes=_limit(max_bytes))
        try:
            return FrcFile(reader, width, allow_unvalidated=allow_unvalidated, threads=threads)
        except BaseException:
            reader.close()
            raise


def load_file(
    source: Source,
    *,
    width: Width | None = None,
    allow_unvalidated: bool = False,
    threads: int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> dict[str, Array]:
    """Decode all tensors of an .frc file to writable arrays by name.

    Dtypes are those of `FrcFile`; arguments and errors are those of `open_file`.
    """
    with open_file(
        source, width=width, allow_unvalidated=allow_unvalidated, threads=threads, max_bytes=max_bytes
    ) as file:
        return file.load()


def inspect(source: Source, *, max_bytes: int = DEFAULT_MAX_BYTES) -> FileReport:
    """Tensors, sizes, metadata and widths of an .frc file from its index and headers; nothing is decoded.

    Raises CorruptError, UnsupportedError, FileError, as `open_file`.
    """
    with read_source(source) as data, Reader(data, max_bytes=_limit(max_bytes)) as reader:
        return inspection.inspect(reader)


def verify(
    source: Source,
    against: Source | None = None,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
    threads: int | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check every section, tensor and validated width of an .frc file, and the rebuilt model file; nothing is written.

    With `against`, a model file, every tensor is compared with the model's. Differences are in the report, whose
    `require` raises for them.

    Raises:
        CorruptError: a checksum does not match, or the model file is damaged.
        UnsupportedError: as `open_file`, or a model file of an unknown kind.
        FileError: a file cannot be read.
    """
    from .report.verify import verify_file

    with ExitStack() as stack:
        data = stack.enter_context(read_source(source))
        model = None if against is None else stack.enter_context(read_source(against))
        return verify_file(data, model, max_bytes=_limit(max_bytes), threads=thread_count(threads), progress=progress)


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
    """Encode a dictionary of NumPy arrays to an .frc file, which holds no model file to rebuild.

    Arguments and errors are those of `encode_file`; UsageError (bad_tensor) for names and dtypes that cannot be stored.
    """
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
    from .encoder.encode import encode
    from .encoder.options import Options
    from .formats.model import Model

    model = Model("tensors", entries, None, frozenset(lossless))
    with open_target(target, force=force) as out:
        return encode(
            model,
            out,
            options or Options(),
            threads=thread_count(threads),
            metadata=_texts(metadata),
            progress=progress,
        )


def _limit(max_bytes: int) -> int:
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0:
        raise UsageError(Code.BAD_OPTION, f"max_bytes must be a number of bytes, not {max_bytes!r}.")
    return max_bytes


def _write_plain(file: FrcFile, out: BinaryIO, to: Format, progress: Progress | None) -> None:
    from .formats.plain import Header
    from .formats.write import write_plain

    names = list(file)
    headers = [Header(name, file.record(name).dtype, file.record(name).shape) for name in names]
    total = sum(header.nbytes for header in headers)
    done = 0

    def fetch(number: int) -> bytes | bytearray | memoryview:
        nonlocal done
        if progress:
            progress(done, total, names[number])
        done += headers[number].nbytes
        return raw_bytes(file.stored(names[number]))

    write_plain(out, to, headers, fetch)


@contextmanager
def _model(source: PathOrFile, options: Options) -> Iterator[tuple[Model, int]]:
    """The entries and the skeleton of a model file, and its size in bytes."""
    from .formats.read import read_model

    with ExitStack() as stack:
        path = Path(source) if isinstance(source, str | PathLike) else stack.enter_context(spool(source))
        model = read_model(path, normalize=not options.lossless, max_bytes=DEFAULT_MAX_BYTES)
        yield model, path.stat().st_size


def _texts(metadata: Mapping[str, str] | None) -> dict[str, str]:
    texts = dict(metadata or {})
    for key, value in texts.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise UsageError(Code.BAD_OPTION, f"Metadata must map text to text, not {key!r} to {value!r}.")
    size = sum(len(_utf8(text)) for item in texts.items() for text in item) + 10 * len(texts) + 5
    if size > MAX_METADATA_BYTES:
        raise UsageError(Code.BAD_OPTION, f"The metadata takes {size} bytes; at most {MAX_METADATA_BYTES} are allowed.")
    return texts


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no Unicode text.") from None
