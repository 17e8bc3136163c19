"""From tensors to a file: steps allotted, streams written in order, small tensors together at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import BinaryIO

import numpy as np

from ..container import packed
from ..container.crc32 import crc32
from ..container.rebuild import checksum
from ..container.records import Index, LevelsRecord, LosslessRecord, Record, Stream, ViewRecord
from ..container.skeleton import RebuildRecipe
from ..container.writer import Writer
from ..entropy import stream
from ..entropy.stream import Quantized
from ..errors import CorruptError
from ..formats.model import Model
from ..measure import compare, decibels
from ..stages import layer
from ..stages.elements import to_reals
from ..stages.spectral import DctTensor
from ..stages.steps import step_of
from ..tensors import Array, Stored, View, raw_bytes
from ..work import Progress, Workers
from . import fit
from .allocate import step_for
from .decide import Decision, decide
from .decide_calibrated import decide_calibrated
from .global_step import Step, global_step
from .options import DEFAULT_QUALITY, Options
from .plan import SMALL, Coding, TensorPlan, plan_tensors
from .reports import EncodeReport, TensorReport
from .target import quality_of_size, with_quality

_GROUP = 1 << 20
"""elements of a shared stream at most, about"""
_RETRIES = 6
"""how often a step is halved to keep an error bound after the rounding to the element type"""


@dataclass(frozen=True, slots=True)
class _Made:
    """A tensor decided upon."""

    plan: TensorPlan
    part: Decision | None
    """None where it is stored exactly"""
    array: Array
    """what it decodes to"""


@dataclass(frozen=True, slots=True)
class _Coded:
    """A stream, its records by position, and what was measured."""

    data: bytes
    """dropped once it is written"""
    size: int
    digest: int
    records: dict[int, Record]
    reports: dict[int, TensorReport]
    sums: dict[int, int]
    """CRC-32 of each decoded entry"""
    energy: float
    """of the lossy tensors that are no vectors"""
    noise: float


def encode(
    model: Model,
    out: BinaryIO,
    options: Options,
    *,
    threads: int = 1,
    metadata: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    source_bytes: int = 0,
) -> EncodeReport:
    """Write a model to `out`, front to back. The same inputs give the same bytes at any number of threads.

    Raises UsageError; what `out` raises passes through.
    """
    options.target()  # one kind of quality, checked before any work
    if options.target_size is not None:

        def size(quality: float) -> int:
            trial = with_quality(options, quality)
            return encode(model, _nowhere(), trial, threads=threads, metadata=metadata, progress=progress).file_bytes

        options = with_quality(options, quality_of_size(size, options.target_size))
    planned, warnings = plan_tensors(model.entries, model.lossless, options)
    writer = Writer(out)
    coded: list[_Coded] = []
    pending: dict[Coding, list[_Made]] = {coding: [] for coding in Coding}
    total, done = sum(t.tensor.nbytes for t in planned), 0
    with Workers(threads) as workers:
        steps = _steps(planned, options, workers)
        results = workers.in_order(lambda plan: _alone(plan, steps), planned)
        for plan, result in zip(planned, results, strict=True):
            if isinstance(result, _Coded):
                writer.add(result.data)
                coded.append(replace(result, data=b""))
            else:
                pending[result.plan.coding].append(result)
            done += plan.tensor.nbytes
            if progress:
                progress(done, total, plan.tensor.name)
    own = len(coded)
    for group in (group for made in pending.values() for group in _groups(made)):
        result = _together(group)
        writer.add(result.data)
        coded.append(replace(result, data=b""))
    writer.finish(_index(model, coded, own), _recipe(model, coded), metadata or {})
    return _report(model, coded, writer.written, source_bytes or total, warnings)


def predict(
    model: Model, options: Options, *, threads: int = 1, progress: Progress | None = None, source_bytes: int = 0
) -> EncodeReport:
    """What `encode` would report, by doing all of it but the writing."""
    return encode(model, _nowhere(), options, threads=threads, progress=progress, source_bytes=source_bytes)


def _nowhere() -> BinaryIO:
    """A file that keeps nothing."""

    class Nowhere:
        def write(self, data: bytes) -> int:
            return len(data)

    return Nowhere()  # type: ignore[return-value]


def _groups(pending: Sequence[_Made]) -> Iterator[list[_Made]]:
    """What shares a stream, in order."""
    group: list[_Made] = []
    size = 0
    for made in pending:
        group.append(made)
        size += made.part.quantized.levels.size if made.part else made.plan.tensor.size
        if size >= _GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def _steps(planned: Sequence[TensorPlan], options: Options, workers: Workers) -> dict[int, Step]:
    """The step of every lossy tensor by position."""
    lossy = [t for t in planned if t.coding is Coding.LOSSY]
    unit = 0.0
    if options.calibration:
        quality = DEFAULT_QUALITY if options.quality is None else options.quality
        unit = options.calibration.unit(quality, sum(t.tensor.size for t in lossy if t.sensitivity))
    own = dict(zip((t.position for t in lossy), workers.in_order(lambda t: step_for(t, unit), lossy), strict=True))
    steps = {position: Step(step) for position, step in own.items() if step is not None}
    if len(steps) < len(lossy):
        assert options.snr is not None
        steps |= global_step([t for t in lossy if not t.vector], steps, options.snr, workers)
    return steps


def _alone(plan: TensorPlan, steps: Mapping[int, Step]) -> _Coded | _Made:
    """A tensor in a stream of its own, or ready to share one."""
    made = _made(plan, steps.get(plan.position, Step(1.0)))
    shares = made.part.model is None if made.part else plan.tensor.size < SMALL
    return made if shares else _together([made])


def _made(plan: TensorPlan, step: Step) -> _Made:
    """What is to be stored of a tensor; exactly where no step suits it."""
    if plan.coding is not Coding.LOSSLESS and (found := _within_bounds(plan, step)):
        return _Made(plan, *found)
    return _Made(replace(plan, coding=Coding.LOSSLESS), None, plan.tensor.array())


def _together(group: Sequence[_Made]) -> _Coded:
    """A stream of one or several tensors of the same coding."""
    parts = [made.part for made in group if made.part]
    if not parts:
        planes = [np.frombuffer(raw_bytes(m.array), np.uint8).reshape(-1, m.array.itemsize).T.tobytes() for m in group]
        return _coded(group, packed.compress(b"".join(planes)))
    if len(parts) == 1:
        found, shape = parts[0].quantized, parts[0].layer.region.level_shape()
    else:
        found = Quantized(np.concatenate([part.quantized.levels for part in parts]))
        shape = (found.levels.size,)
    model = (parts[0].model if len(parts) == 1 else None) or fit.fit(found, shape)
    return _coded(group, stream.encode(found, shape, model))


def _within_bounds(plan: TensorPlan, step: Step) -> tuple[Decision, Array] | None:
    """Levels, and what they decode to; None where even small steps do not keep what was promised."""
    size = step.size
    for _ in range(_RETRIES):
        if plan.error_feedback:
            assert plan.sensitivity
            part = decide_calibrated(plan, plan.sensitivity, size)
        else:
            part = decide(plan, size, step.transform)
        if part is None:
            return None
        try:
            row_steps = part.model.row_steps if part.model else None
            array = layer.decode(part.quantized.points, part.layer, row_steps)
        except CorruptError:  # the nearest level lies beyond the largest finite element
            array = None
        if array is not None and _promises_kept(plan, array):
            return part, array
        size /= 2
    return None


def _promises_kept(plan: TensorPlan, decoded: Array) -> bool:
    """The error bound, and that no variance turns zero or negative."""
    if plan.coding is Coding.INTEGER:
        return True
    tensor, bound = plan.tensor, plan.target.max_error
    if bound is None and not plan.variance:
        return True
    before, after = to_reals(tensor.array(), tensor.dtype), to_reals(decoded, tensor.dtype)
    if bound is not None and float(np.abs(before - after).max()) > bound:
        return False
    return not (plan.variance and bool(((before > 0) & (after <= 0)).any()))


def _coded(group: Sequence[_Made], data: bytes) -> _Coded:
    """Digest, records and reports of a stream."""
    digest, energy, noise = 0, 0.0, 0.0
    records: dict[int, Record] = {}
    reports: dict[int, TensorReport] = {}
    sums: dict[int, int] = {}
    counts = [made.part.quantized.levels.size if made.part else made.plan.tensor.size for made in group]
    for made, count in zip(group, counts, strict=True):
        tensor, position = made.plan.tensor, made.plan.position
        content = raw_bytes(made.array)
        digest, sums[position] = crc32(content, digest), crc32(content)
        size = len(data) * count / (sum(counts) or 1)
        if made.part is None:
            records[position] = LosslessRecord(tensor.name, tensor.dtype, tensor.shape, -1)
            reports[position] = TensorReport(
                tensor.name, str(tensor.dtype), tensor.shape, "lossless", size=size, snr=inf, max_error=0.0
            )
            continue
        records[position] = LevelsRecord(tensor.name, made.part.layer, -1)
        reports[position], power, loss = _measured(made, made.part, size)
        if not made.plan.vector:
            energy, noise = energy + power, noise + loss
    return _Coded(data, len(data), digest, records, reports, sums, energy, noise)


def _measured(made: _Made, part: Decision, size: float) -> tuple[TensorReport, float, float]:
    """Report, energy and squared error of a tensor coded as levels."""
    tensor, coded = made.plan.tensor, part.layer
    kept = coded.region.kept
    power, loss = 0.0, 0.0
    largest: float | None = 0.0
    if isinstance(tensor, DctTensor):  # errors of coefficients: the elements are not compared
        power, loss = float(np.square(tensor.coefficients).sum()), part.noise
        largest = None if loss else 0.0
    elif not coded.integer:
        measure = compare(tensor.array(), made.array, tensor.dtype)
        power, loss, largest = measure.energy, measure.noise, measure.max_error
    report = TensorReport(
        tensor.name, str(tensor.dtype), tensor.shape, "levels", coded.transform, kept,
        None if coded.integer else step_of(coded.step), size, decibels(power, loss), largest,
    )  # fmt: skip
    return report, power, loss


def _index(model: Model, coded: Sequence[_Coded], own: int) -> Index:
    records: dict[int, Record] = {}
    for number, one in enumerate(coded):
        for position, record in one.records.items():
            if isinstance(record, LevelsRecord):
                records[position] = LevelsRecord(record.name, record.layer, number)
            elif isinstance(record, LosslessRecord):
                records[position] = LosslessRecord(record.name, record.dtype, record.shape, number)
    for position, entry in enumerate(model.entries):
        if isinstance(entry, View):
            target = model.entries[entry.target]
            assert isinstance(target, Stored)
            records[position] = ViewRecord(entry, target.dtype)
    streams = tuple(Stream(one.size, one.digest) for one in coded)
    return Index(tuple(records[position] for position in range(len(model.entries))), streams, own)


def _recipe(model: Model, coded: Sequence[_Coded]) -> RebuildRecipe | None:
    if model.skeleton is None:
        return None
    sums = {position: crc for one in coded for position, crc in one.sums.items()}
    return RebuildRecipe(model.kind, model.skeleton, checksum(model.skeleton, sums))


def _report(
    model: Model, coded: Sequence[_Coded], written: int, source_bytes: int, warnings: list[str]
) -> EncodeReport:
    reports = {position: report for one in coded for position, report in one.reports.items()}
    for position, entry in enumerate(model.entries):
        if isinstance(entry, View):
            reports[position] = TensorReport(entry.name, reports[entry.target].dtype, entry.shape, "view")
    energy, noise = sum(one.energy for one in coded), sum(one.noise for one in coded)
    snr = decibels(energy, noise) if energy else None
    return EncodeReport([reports[p] for p in range(len(model.entries))], written, source_bytes, snr, warnings)
