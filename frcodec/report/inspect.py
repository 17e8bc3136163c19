"""What a file holds, told from its index and headers; the data sections are not read."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..codec import TensorReport
from ..constants import SECTION_DATA, SECTION_INDEX, SECTION_METADATA, SECTION_SKELETON
from ..container.index import Index, Levels, Record, Shared, byte_size
from ..container.reader import Reader
from ..quantize.steps import step_of
from ..region import Scan

_SECTIONS = {
    SECTION_DATA: "data",
    SECTION_SKELETON: "skeleton",
    SECTION_METADATA: "metadata",
    SECTION_INDEX: "index",
}


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file at a glance."""

    tensors: list[TensorReport]
    """one a record, in order; what only the original could tell (SNR, error) is None"""
    kind: str | None
    """kind of the model file that can be rebuilt, None where the file holds only tensors"""
    file_bytes: int
    source_bytes: int
    """of the model file, or of the tensors where there is none"""
    weights: int
    """elements of all stored tensors; views do not count again"""
    sections: dict[str, int]
    """bytes by kind of section, each with its head and checksum; "framing" is what is around them"""
    metadata: dict[str, str]

    @property
    def bits_per_weight(self) -> float | None:
        """Of the whole file; None without weights."""
        return 8 * self.file_bytes / self.weights if self.weights else None


def inspect(reader: Reader) -> FileReport:
    """Everything but the values. Raises CorruptError or UnsupportedError for a bad skeleton or bad metadata."""
    index, plan = reader.index, reader.plan
    stored = [record for record in index.records if not isinstance(record, Shared)]
    return FileReport(
        tensors=_tensors(index),
        kind=plan.kind if plan else None,
        file_bytes=reader.size,
        source_bytes=plan.skeleton.size if plan else sum(byte_size(record) for record in stored),
        weights=sum(prod(record.shape) for record in stored),
        sections=_sections(reader),
        metadata=reader.metadata,
    )


def _sections(reader: Reader) -> dict[str, int]:
    sizes = dict.fromkeys(_SECTIONS.values(), 0)
    for kind, count in reader.section_sizes().items():
        name = _SECTIONS.get(kind, "other")
        sizes[name] = sizes.get(name, 0) + count
    sizes["framing"] = reader.size - sum(sizes.values())
    return sizes


def _tensors(index: Index) -> list[TensorReport]:
    elements = [sum(prod(index.records[m].shape) for m in members) for members in index.members()]
    return [_tensor(record, index, elements) for record in index.records]


def _tensor(record: Record, index: Index, elements: list[int]) -> TensorReport:
    dtype = str(record.dtype)
    if isinstance(record, Shared):
        return TensorReport(record.name, dtype, record.shape, "view")
    share = prod(record.shape) / (elements[record.stream] or 1)
    size = index.streams[record.stream].size * share
    if not isinstance(record, Levels):
        return TensorReport(record.name, dtype, record.shape, "raw", size=size)
    layer = record.layer
    kept = layer.region.count if isinstance(layer.region, Scan) else layer.region.kept
    step = None if layer.integer else step_of(layer.step)
    return TensorReport(record.name, dtype, record.shape, "levels", layer.transform, kept, step, size)
