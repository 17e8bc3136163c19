"""Sound files that reach a limit: names, entries, sections, elements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from frc_files import DATA, INDEX, Columns, digest, file_of, raw_stream, section
from vectors.building import ancillary, build, exact

from frcodec.constants import MAX_ENTRIES, MAX_NAME_BYTES, MAX_SECTIONS
from frcodec.tensors import DTYPES


def _names() -> bytes:
    """The longest name, in letters of one byte and of three."""
    value = np.array([7], np.uint8)
    return build([exact("n" * MAX_NAME_BYTES, value), exact("日" * (MAX_NAME_BYTES // 3) + "x", value)])


def _entries() -> bytes:
    """As many entries as there may be, one of which has a name, in one stream."""
    values = np.zeros(MAX_ENTRIES, np.uint8)
    data = raw_stream(values)
    columns = Columns(
        names="\0" * (MAX_ENTRIES - 1) + "last\0",
        dtypes=bytes([DTYPES["uint8"].id]) * MAX_ENTRIES,
        codings=b"\1" * MAX_ENTRIES,
        ranks=bytes(MAX_ENTRIES),
        dims=[],
        axes=[],
        regions=b"",
        steps=b"",
        streams=[1] * MAX_ENTRIES,
        sizes=[len(data)],
        digests=digest(values).to_bytes(4, "little"),
    )
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


def _sections() -> bytes:
    """As many sections as there may be."""
    others = ancillary(99, b"") * (MAX_SECTIONS - 2)  # data and index are the other two
    return build([exact("a", np.array([7], np.uint8))], before=others)


def _elements() -> bytes:
    """Axes of 2^53 positions beside one of none; levels of so many are beyond the address space of 32 bits."""
    return build([exact("n", np.zeros((1 << 26, 0, 1 << 27), np.uint8))])


VALID: dict[str, Callable[[], bytes]] = {
    "limit_names": _names,
    "limit_entries": _entries,
    "limit_sections": _sections,
    "limit_elements": _elements,
}
