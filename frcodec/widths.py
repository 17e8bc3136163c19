"""For whoever writes files: declare channel axes, and try widths.

Both take a finished .frc file and give it back with another widths section, everything else staying as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .api import open_file
from .constants import SECTION_INDEX, SECTION_WIDTHS, TRAILER_BYTES, Code
from .container import sections, widths_section
from .container.records import Index, ViewRecord
from .container.widths import Channel, Validated, Widths
from .decoder.file import FrcFile
from .decoder.width import Width, lengths_of
from .errors import UsageError

__all__ = ["Channel", "Validated", "Widths", "declared", "validated"]


def declared(file: bytes, axes: Mapping[str, Mapping[int, Channel]]) -> bytes:
    """The file with its channel axes declared: tensor -> axis -> what it is, with groups counted from 0.

    The name of a view stands for the entry it views, whose axes count. Axes must be transformed as a whole; all views
    of such an entry must be the whole of it with axes merged.
    Raises UsageError (bad_option, unknown_tensor).
    """
    with open_file(file) as opened:
        index = opened.reader.index
        positions = {record.name: p for p, record in enumerate(index.records) if record.name}
        unknown = sorted(set(axes) - set(positions))
        if unknown:
            raise UsageError(Code.UNKNOWN_TENSOR, f"The file has no tensor {unknown[0]!r}.")
        placed: dict[int, dict[int, Channel]] = {}
        for name, channels in axes.items():
            placed.setdefault(_stored(index, positions[name]), {}).update(channels)
        return _with(file, widths_section.declared(index, placed), index)


def validated(
    file: bytes,
    widths: Sequence[Width],
    score: Callable[[FrcFile], str],
    multiply_adds: Callable[[FrcFile], int],
    *,
    label: str = "",
) -> bytes:
    """The file with these widths, and no others, in its list of validated ones.

    Each is decoded and handed to `score`, which gives a text for people such as "97.3", and to `multiply_adds`, which
    counts those of one forward pass. `label` says what the score is.
    Raises UsageError (bad_option), also where the file declares no channel axes.
    """
    with open_file(file) as opened:
        found, index = opened.widths, opened.reader.index
        if found is None:
            raise UsageError(Code.BAD_OPTION, "The file declares no channel axes: there is only its full width.")
        tried = [_tried(file, lengths_of(width, found.groups), score, multiply_adds) for width in widths]
        return _with(file, replace(found, label=label, validated=tuple(tried)), index)


def _tried(
    file: bytes, lengths: tuple[int, ...], score: Callable[[FrcFile], str], multiply_adds: Callable[[FrcFile], int]
) -> Validated:
    with open_file(file, width=lengths, force=True) as at:
        return Validated(lengths, score(at), multiply_adds(at), at.decoder.checksum())


def _stored(index: Index, position: int) -> int:
    record = index.records[position]
    return record.view.target if isinstance(record, ViewRecord) else position


def _with(file: bytes, widths: Widths, index: Index) -> bytes:
    """The file with this widths section before its index, in place of any other."""
    payload = widths_section.write(widths, index)
    section = b"".join(bytes(part) for part in sections.frame(SECTION_WIDTHS, payload, ancillary=True))
    out = bytearray(sections.HEADER)
    for found in sections.walk(memoryview(file)):
        if found.type == SECTION_INDEX:
            out += section
        if found.type != SECTION_WIDTHS:
            out += file[found.start : found.end]
    return bytes(out + file[-TRAILER_BYTES:])
