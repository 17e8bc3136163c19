"""Writes an .frc file front to back without seeking: data sections as streams are added, then everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from ..constants import MAX_INDEX_BYTES, SECTION_DATA, SECTION_INDEX, SECTION_METADATA, SECTION_SKELETON
from . import index as index_section
from . import packed, sections
from . import skeleton as skeleton_section
from .records import Index
from .skeleton import RebuildRecipe

_DATA_BYTES = 1 << 20
"""a data section is closed when it holds this many bytes"""


class Writer:
    """An .frc file being written: `add` every stream in the order of the index, then `finish`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._pending = bytearray()
        self.written = 0
        """bytes written so far"""
        self._write(sections.HEADER)

    def add(self, stream: bytes) -> None:
        """Append a stream; no stream crosses the border of a section."""
        self._pending += stream
        if len(self._pending) >= _DATA_BYTES:
            self._flush()

    def finish(self, index: Index, recipe: RebuildRecipe | None, metadata: Mapping[str, str]) -> None:
        """Write all sections behind the data, and the trailer."""
        self._flush()
        if recipe is not None:
            self._section(SECTION_SKELETON, skeleton_section.write(recipe))
        if metadata:
            self._section(SECTION_METADATA, packed.write(dict(sorted(metadata.items()))), ancillary=True)
        payload = index_section.write(index)
        assert len(payload) <= MAX_INDEX_BYTES
        size = self._section(SECTION_INDEX, payload)
        self._write(sections.trailer(size))

    def _flush(self) -> None:
        if self._pending:
            self._section(SECTION_DATA, self._pending)
            self._pending = bytearray()

    def _section(self, kind: int, payload: bytes | bytearray, *, ancillary: bool = False) -> int:
        parts = sections.frame(kind, payload, ancillary=ancillary)
        for part in parts:
            self._write(part)
        return sum(len(part) for part in parts)

    def _write(self, part: bytes | bytearray | memoryview) -> None:
        """Write all of it, also if the file takes less at a time, as unbuffered ones do."""
        rest = memoryview(part)
        self.written += len(rest)
        while len(rest):
            taken = self._out.write(rest)
            rest = rest[len(rest) if taken is None else taken :]
