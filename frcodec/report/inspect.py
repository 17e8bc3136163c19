"""The content of a file from its index and headers; data sections are not read."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..constants import SECTION_DATA, SECTION_INDEX, SECTION_METADATA, SECTION_SKELETON, SECTION_WIDTHS
from ..container.reader import Reader
from ..container.records import Index, LevelsRecord, Record, ViewRecord, byte_size
from ..container.widths import Widths, resized
from ..encoder.reports import TensorReport
from ..stages.steps import step_of

_SECTIONS = {
    SECTION_DATA: "data",
    SECTION_SKELETON: "skeleton",
    SECTION_METADATA: "metadata",
    SECTION_WIDTHS: "widths",
    SECTION_INDEX: "index",
}


@dataclass(frozen=True, slots=True)
class WidthReport:
    """A width that a file was validated at."""

    lengths: tuple[int, ...]
    """of every group of channels"""
    score: str
    weights: int
    """elements of all stored tensors at this width"""
    multiply_adds: int
    """of one forward pass"""


@dataclass(frozen=True, slots=True)
class WidthsReport:
    """What a file says about other widths."""

    groups: tuple[int, ...]
    """full width: the length of every group of channels"""
    label: str
    """what the scores are"""
    validated: list[WidthReport]


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
    widths: WidthsReport | None
    """None where the file has full width only"""

    @property
    def bits_per_weight(self) -> float | None:
        """Of the whole file; None without weights."""
        return 8 * self.file_bytes / self.weights if self.weights else None


def inspect(reader: Reader) -> FileReport:
    """Everything but the values. Raises CorruptError or UnsupportedError for bad skeleton, metadata or widths."""
    index, recipe = reader.index, reader.recipe
    return FileReport(
        tensors=_tensors(index),
        kind=recipe.kind if recipe else None,
        file_bytes=reader.size,
        source_bytes=recipe.skeleton.size if recipe else sum(byte_size(record) for record in _stored(index)),
        weights=_weights(index),
        sections=_sections(reader),
        metadata=reader.metadata,
        widths=_widths(index, reader.widths) if reader.widths else None,
    )


def _stored(index: Index) -> list[Record]:
    return [record for record in index.records if not isinstance(record, ViewRecord)]


def _weights(index: Index) -> int:
    return sum(prod(record.shape) for record in _stored(index))


def _widths(index: Index, widths: Widths) -> WidthsReport:
    return WidthsReport(
        widths.groups,
        widths.label,
        [
            WidthReport(one.lengths, one.score, _weights(resized(index, widths, one.lengths)), one.multiply_adds)
            for one in widths.validated
        ],
    )


def _sections(reader: Reader) -> dict[str, int]:
    sizes = dict.fromkeys(_SECTIONS.values(), 0)
    for kind, count in reader.section_sizes().items():
        name = _SECTIONS.get(kind, "other")
        sizes[name] = sizes.get(name, 0) + count
    sizes["framing"] = reader.size - sum(sizes.values())
    return sizes


def _tensors(index: Index) -> list[TensorReport]:
    coded = [sum(_coded(index.records[m]) for m in members) for members in index.members()]
    return [_tensor(record, index, coded) for record in index.records]


def _coded(record: Record) -> int:
    """Symbols of an entry: its levels, or its elements where there are none."""
    return record.layer.region.count if isinstance(record, LevelsRecord) else prod(record.shape)


def _tensor(record: Record, index: Index, coded: list[int]) -> TensorReport:
    dtype = str(record.dtype)
    if isinstance(record, ViewRecord):
        return TensorReport(record.name, dtype, record.shape, "view")
    share = _coded(record) / (coded[record.stream] or 1)
    size = index.streams[record.stream].size * share
    if not isinstance(record, LevelsRecord):
        return TensorReport(record.name, dtype, record.shape, "lossless", size=size)
    layer = record.layer
    kept = layer.region.kept
    step = None if layer.integer else step_of(layer.step)
    return TensorReport(record.name, dtype, record.shape, "levels", layer.transform, kept, step, size)
