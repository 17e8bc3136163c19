"""Reads an .frc file: framing and index when it is opened, everything else on demand."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

from ..constants import (
    DEFAULT_MAX_BYTES,
    MAX_METADATA_BYTES,
    SECTION_DATA,
    SECTION_INDEX,
    SECTION_METADATA,
    SECTION_SKELETON,
    SECTION_WIDTHS,
    Code,
)
from ..disk import map_file
from ..errors import CorruptError, UnsupportedError, UsageError
from . import index as index_section
from . import packed, sections, widths_section
from . import skeleton as skeleton_section
from .records import Index, ViewRecord, byte_size
from .sections import Section
from .skeleton import RebuildRecipe
from .widths import Widths


class Reader:
    """An open .frc file. A context manager; safe to use from several threads, of which one may close it.

    `max_bytes` limits the decoded size of all entries together; it is checked before anything of that size is
    allocated. Raises FileError, CorruptError or UnsupportedError.
    """

    def __init__(self, source: Path | bytes | memoryview, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        data = map_file(source) if isinstance(source, Path) else memoryview(source)
        self._data: memoryview | None = data  # None once the file is closed
        self.size = len(data)
        """bytes of the file"""
        self._max_bytes = max_bytes
        try:
            self._sections = list(sections.walk(data))
            self._checked: set[int] = set()
            for section in self._sections:  # of unknown type, too: the type byte may be the damaged one
                if section.type != SECTION_DATA:
                    self._payload(section)
            for kind in (SECTION_SKELETON, SECTION_METADATA, SECTION_WIDTHS, SECTION_INDEX):
                self._only(kind)
            self.index: Index = index_section.read(self._payload(self._only(SECTION_INDEX)))
            """at full width"""
            self._data_sections = [s for s in self._sections if s.type == SECTION_DATA]
            self._check_sizes()
        except BaseException:
            self.close()
            raise

    @cached_property
    def recipe(self) -> RebuildRecipe | None:
        """What rebuilds the model file; None if the file holds only tensors."""
        section = self._only(SECTION_SKELETON)
        if section is None:
            return None
        sizes = [None if isinstance(r, ViewRecord) else byte_size(r) for r in self.index.records]
        return skeleton_section.read(self._payload(section), sizes, self._max_bytes)

    @cached_property
    def metadata(self) -> dict[str, str]:
        """Free text by key; {} if there is none."""
        section = self._only(SECTION_METADATA)
        if section is None:
            return {}
        value = packed.read(self._payload(section), MAX_METADATA_BYTES)
        texts = isinstance(value, dict) and all(isinstance(x, str) for item in value.items() for x in item)
        if not texts or list(value) != sorted(value):
            raise CorruptError(Code.BAD_MSGPACK, "The metadata is not a sorted map of strings.", offset=section.start)
        return dict(value)

    @cached_property
    def widths(self) -> Widths | None:
        """Channel axes and validated widths; None if the file has only its full width."""
        section = self._only(SECTION_WIDTHS)
        return widths_section.read(self._payload(section), self.index) if section else None

    def stream(self, number: int) -> memoryview:
        """The bytes of a stream; checks the checksum of its section first."""
        start = self._starts[number]
        section_number = bisect_right(self._section_starts, start) - 1
        size = self.index.streams[number].size
        if not size:
            return memoryview(b"")
        payload = self._payload(self._data_sections[section_number])
        at = start - self._section_starts[section_number]
        return payload[at : at + size]

    def section_sizes(self) -> dict[int, int]:
        """Bytes by section type, framing included."""
        sizes: dict[int, int] = {}
        for section in self._sections:
            sizes[section.type] = sizes.get(section.type, 0) + section.end - section.start
        return sizes

    def check_sections(self) -> None:
        """Check the checksum of every section."""
        for section in self._sections:
            self._payload(section)

    def check_decoded(self, index: Index) -> None:
        """Check that the entries of an index, at full width or another, take at most `max_bytes`."""
        decoded = sum(byte_size(record) for record in index.records)
        if decoded > self._max_bytes:
            raise UnsupportedError(
                Code.TOO_LARGE,
                f"The file decodes to {decoded} bytes; {self._max_bytes} are allowed. Raise the limit if you trust it.",
            )

    def close(self) -> None:
        """Release the file: reading more of it raises UsageError (closed_file).

        Bytes obtained before stay valid; while there are any, they keep a mapping alive.
        """
        self._data = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _payload(self, section: Section | None) -> memoryview:
        if section is None:
            raise CorruptError(Code.BAD_SECTION, "The file has no index.")
        data = self._data
        if data is None:
            raise UsageError(Code.CLOSED_FILE, "The file is closed: open it again to read from it.")
        if section.start not in self._checked:
            section.check(data)
            self._checked.add(section.start)
        return data[section.payload]

    def _only(self, kind: int) -> Section | None:
        """The only section of a type; None if there is none."""
        sections = [s for s in self._sections if s.type == kind]
        if len(sections) > 1:
            raise CorruptError(
                Code.BAD_SECTION, f"The file has {len(sections)} sections of type {kind}.", offset=sections[1].start
            )
        return sections[0] if sections else None

    def _check_sizes(self) -> None:
        """Check that streams fill the data sections, cross no border, and decode to at most `max_bytes`."""
        self._starts = list(accumulate((s.size for s in self.index.streams), initial=0))
        lengths = [s.payload.stop - s.payload.start for s in self._data_sections]
        self._section_starts = list(accumulate(lengths, initial=0))
        if self._starts[-1] != self._section_starts[-1]:
            raise CorruptError(
                Code.BAD_SECTION,
                f"The streams have {self._starts[-1]} bytes; the data sections hold {self._section_starts[-1]}.",
            )
        borders = set(self._starts)
        if not borders.issuperset(self._section_starts):
            raise CorruptError(Code.BAD_SECTION, "A stream crosses the border of a data section.")
        self.check_decoded(self.index)
