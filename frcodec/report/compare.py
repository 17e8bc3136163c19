"""Decoded tensors against those of a model file: names, shapes, dtypes, and how close the values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from ..container.records import LevelsRecord, Record, ViewRecord
from ..measure import Measure, compare, decibels
from ..tensors import Array, Entry, Stored


@dataclass(frozen=True, slots=True)
class TensorMatch:
    """One tensor of the file against that of the model."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    lossy: bool
    """whether it may differ in its values"""
    snr: float | None
    """dB, infinite for equal tensors; None where they cannot be compared or the model's tensor is zero"""
    max_error: float | None
    """largest absolute error, None where the tensors cannot be compared"""
    difference: str | None
    """what is wrong, as a sentence without its end; None where all is as it should be"""


class Comparison:
    """Collects the matches of tensors as they are decoded."""

    def __init__(self, records: Sequence[Record], entries: Sequence[Entry]) -> None:
        self._records = records
        self._entries = entries
        self._by_name = {entry.name: position for position, entry in enumerate(entries) if entry.name}
        self._views: dict[int, list[int]] = {}
        for position, record in enumerate(records):
            if isinstance(record, ViewRecord):
                self._views.setdefault(record.view.target, []).append(position)
        self._matches: dict[int, TensorMatch] = {}
        self._energy = self._noise = 0.0

    def add(self, position: int, array: Array) -> None:
        """Compare a stored tensor that was just decoded, and all views of it."""
        lossy = _lossy(self._records[position])
        if self._records[position].name:
            self._matches[position] = self._match(position, array, lossy)
        for number in self._views.get(position, []):
            view = self._records[number]
            assert isinstance(view, ViewRecord)
            self._matches[number] = self._match(number, view.view.of(array), lossy)

    def matches(self) -> list[TensorMatch]:
        """All tensors of the file in order, then those that only the model has."""
        names = {record.name for record in self._records}
        missing = [
            TensorMatch(
                entry.name, str(self._target(entry).dtype), entry.shape, False, None, None, "is not in the .frc file"
            )
            for entry in self._entries
            if entry.name and entry.name not in names
        ]
        return [match for _, match in sorted(self._matches.items())] + missing

    def snr(self) -> float | None:
        """dB over all lossy tensors but vectors, as encoding reports it; None without any."""
        return decibels(self._energy, self._noise) if self._energy else None

    def _target(self, entry: Entry) -> Stored:
        found = entry if isinstance(entry, Stored) else self._entries[entry.target]
        assert isinstance(found, Stored)
        return found

    def _match(self, position: int, after: Array, lossy: bool) -> TensorMatch:
        record = self._records[position]

        def result(difference: str | None, snr: float | None = None, error: float | None = None) -> TensorMatch:
            return TensorMatch(record.name, str(record.dtype), record.shape, lossy, snr, error, difference)

        if record.name not in self._by_name:
            return result("is not in the model")
        entry = self._entries[self._by_name[record.name]]
        stored = self._target(entry)
        if entry.shape != record.shape:
            return result(f"has the shape {list(record.shape)}, in the model {list(entry.shape)}")
        if stored.dtype != record.dtype:
            return result(f"is {record.dtype}, in the model {stored.dtype}")
        before = stored.array() if isinstance(entry, Stored) else entry.of(stored.array())
        measure = compare(before, after, record.dtype)
        if not lossy and not measure.equal:
            return result("is stored without loss, but its values differ")
        if measure.equal:
            self._count(record, measure, lossy)
            return result(None, inf, 0.0)
        if not isfinite(measure.energy):
            return result("holds NaN or infinity in the model")
        self._count(record, measure, lossy)
        return result(None, measure.snr, measure.max_error)

    def _count(self, record: Record, measure: Measure, lossy: bool) -> None:
        """Weights count once, by their stored tensor, or by the views of one without a name."""
        if not lossy or sum(n > 1 for n in record.shape) < 2:
            return
        if isinstance(record, ViewRecord) and self._records[record.view.target].name:
            return
        self._energy += measure.energy
        self._noise += measure.noise


def _lossy(record: Record) -> bool:
    return isinstance(record, LevelsRecord) and not record.layer.integer
