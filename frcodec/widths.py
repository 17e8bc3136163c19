"""Write the widths section of .frc files: declare channel axes, and validate widths.

Both functions take the bytes of an .frc file and return it with a new widths section; all else is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .api import open_file
from .constants import SECTION_INDEX, SECTION_WIDTHS, TRAILER_BYTES, Code
from .container import sections, widths_section
from .container.reader import Reader
from .container.records import Index, ViewRecord
from .container.widths import Channel, Validated, Widths
from .decoder.file import FrcFile
from .decoder.width import Width, lengths_of
from .errors import UsageError

__all__ = ["Channel", "Validated", "Widths", "declare", "validate"]


def declare(file: bytes, axes: Mapping[str, Mapping[int, Channel]]) -> bytes:
    """Declare the channel axes of a file: tensor name -> axis -> channel group, counted from 0.

    The name of a view stands for the entry it views, and axes are those of that entry. Axes must be transformed as a
    whole; all views of such an entry must be the whole of it with axes merged.
    Raises UsageError (bad_option, unknown_tensor).
    """
    with Reader(file) as reader:
        index = reader.index
        positions = {record.name: p for p, record in enumerate(index.records) if record.name}
        unknown = sorted(set(axes) - set(positions))
        if unknown:
            raise UsageError(Code.UNKNOWN_TENSOR, f"The file has no tensor {unknown[0]!r}.")
        placed: dict[int, dict[int, Channel]] = {}
        for name, channels in axes.items():
            placed.setdefault(_stored(index, positions[name]), {}).update(channels)
        return _with(file, widths_section.declared(index, placed), index)


def validate(
    file: bytes,
    widths: Sequence[Width],
    score: Callable[[FrcFile], str],
    multiply_adds: Callable[[FrcFile], int],
    *,
    label: str = "",
) -> bytes:
    """Score a file at these widths, and list them, and no others, as its validated ones.

    The file is opened at each width and passed to `score`, which returns text for people such as "97.3", and to
    `multiply_adds`, which counts those of one forward pass. `label` says what the score is.
    Raises UsageError (bad_option), also where the file declares no channel axes.
    """
    with Reader(file) as reader:
        section, index = reader.widths, reader.index
        if section is None:
            raise UsageError(Code.BAD_OPTION, "The file declares no channel axes: there is only its full width.")
        scored = [_scored(file, lengths_of(width, section.groups), score, multiply_adds) for width in widths]
        return _with(file, replace(section, label=label, validated=tuple(scored)), index)


def _scored(
    file: bytes, lengths: tuple[int, ...], score: Callable[[FrcFile], str], multiply_adds: Callable[[FrcFile], int]
) -> Validated:
    with open_file(file, width=lengths, allow_unvalidated=True) as at:
        return Validated(lengths, score(at), multiply_adds(at), at.checksum())


def _stored(index: Index, position: int) -> int:
    record = index.records[position]
    return record.view.target if isinstance(record, ViewRecord) else position


def _with(file: bytes, widths: Widths, index: Index) -> bytes:
    """The file with this widths section before its index, in place of any other."""
    payload = widths_section.write(widths, index)
    section = b"".join(bytes(part) for part in sections.frame(SECTION_WIDTHS, payload, ancillary=True))
    out = bytearray(sections.HEADER)
    for other in sections.walk(memoryview(file)):
        if other.type == SECTION_INDEX:
            out += section
        if other.type != SECTION_WIDTHS:
            out += file[other.start : other.end]
    return bytes(out + file[-TRAILER_BYTES:])
