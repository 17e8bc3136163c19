"""A model to a .frc file, front to back.

    plan_tensors    options and rules -> how each tensor is coded
    allocate        fidelity -> the quantizer step of each lossy tensor
    prepare         decide transform, region and levels of one tensor, and check its error bound
    encode_stream   levels -> the bytes of a stream
    Writer          streams -> sections of the file

Streams of large tensors come first, in the model's order; small tensors share streams at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from ..container.rebuild import checksum
from ..container.records import Index, LevelsRecord, LosslessRecord, Record, Stream, ViewRecord
from ..container.skeleton import RebuildRecipe
from ..container.writer import Writer
from ..formats.model import Model
from ..measure import decibels
from ..tensors import Stored, View
from ..work import Progress, Workers
from .allocate import allocate
from .global_step import Step
from .options import Options
from .plan import Coding, TensorPlan, plan_tensors
from .prepare import PreparedTensor, prepare
from .reports import EncodeReport, TensorReport
from .streams import CodedStream, encode_stream, groups_of
from .target import quality_of_size, with_quality


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
    """Encode a model. The same inputs give the same bytes at any number of threads.

    `source_bytes` is the size of the model file, for the report; 0 for that of the tensors.
    Raises UsageError (bad_option, unmatched_rule) and whatever `out` and `progress` raise.
    """
    options.fidelity()  # refuses contradictory options before any work
    if options.target_size is not None:
        options = _options_for_size(model, options, options.target_size, threads, metadata, progress)
    plans, warnings = plan_tensors(model.entries, model.lossless, options)
    writer, streams = Writer(out), list[CodedStream]()

    def write(stream: CodedStream) -> None:
        writer.add(stream.data)
        streams.append(replace(stream, data=b""))

    small: list[PreparedTensor] = []
    done, total = 0, sum(plan.tensor.nbytes for plan in plans)
    with Workers(threads) as workers:
        steps = allocate(plans, options, workers)
        results = workers.in_order(lambda plan: _encode_tensor(plan, steps), plans)
        for plan, result in zip(plans, results, strict=True):
            if isinstance(result, CodedStream):
                write(result)
            else:
                small.append(result)
            done += plan.tensor.nbytes
            if progress:
                progress(done, total, plan.tensor.name)
    unshared = len(streams)
    for coding in Coding:
        for group in groups_of([prepared for prepared in small if prepared.plan.coding is coding]):
            write(encode_stream(group))
    writer.finish(_index(model, streams, unshared), _recipe(model, streams), metadata or {})
    return _report(model, streams, writer.written, source_bytes or total, warnings)


def predict(
    model: Model, options: Options, *, threads: int = 1, progress: Progress | None = None, source_bytes: int = 0
) -> EncodeReport:
    """The report of `encode`, without a file: everything is done but the writing."""
    return encode(model, _discard(), options, threads=threads, progress=progress, source_bytes=source_bytes)


def _discard() -> BinaryIO:
    """A file that drops what is written to it."""

    class Discard:
        def write(self, data: bytes) -> int:
            return len(data)

    return Discard()  # type: ignore[return-value]


def _options_for_size(
    model: Model,
    options: Options,
    size: int,
    threads: int,
    metadata: Mapping[str, str] | None,
    progress: Progress | None,
) -> Options:
    """The options at the highest quality found whose file has at most `size` bytes."""

    def file_bytes(quality: float) -> int:
        trial = with_quality(options, quality)
        return encode(model, _discard(), trial, threads=threads, metadata=metadata, progress=progress).file_bytes

    return with_quality(options, quality_of_size(file_bytes, size))


def _encode_tensor(plan: TensorPlan, steps: Mapping[int, Step]) -> CodedStream | PreparedTensor:
    """A large tensor as a stream of its own; a small one prepared for a shared stream."""
    prepared = prepare(plan, steps.get(plan.position, Step(1.0)))
    return prepared if prepared.shares_stream else encode_stream([prepared])


def _index(model: Model, streams: Sequence[CodedStream], unshared: int) -> Index:
    """The index of the file; the first `unshared` streams hold one tensor each."""
    records: dict[int, Record] = {}
    for number, stream in enumerate(streams):
        for position, record in stream.records.items():
            assert isinstance(record, LevelsRecord | LosslessRecord)
            records[position] = replace(record, stream=number)
    for position, entry in enumerate(model.entries):
        if isinstance(entry, View):
            viewed = model.entries[entry.target]
            assert isinstance(viewed, Stored)
            records[position] = ViewRecord(entry, viewed.dtype)
    sizes = tuple(Stream(stream.size, stream.digest) for stream in streams)
    return Index(tuple(records[position] for position in range(len(model.entries))), sizes, unshared)


def _recipe(model: Model, streams: Sequence[CodedStream]) -> RebuildRecipe | None:
    """How to rebuild the model file; None where only the tensors are stored."""
    if model.skeleton is None:
        return None
    checksums = {position: crc for stream in streams for position, crc in stream.checksums.items()}
    return RebuildRecipe(model.kind, model.skeleton, checksum(model.skeleton, checksums))


def _report(
    model: Model, streams: Sequence[CodedStream], file_bytes: int, source_bytes: int, warnings: list[str]
) -> EncodeReport:
    measured = {position: tensor for stream in streams for position, tensor in stream.measured.items()}
    energy, noise = sum(tensor.energy for tensor in measured.values()), sum(t.noise for t in measured.values())
    reports = {position: tensor.report for position, tensor in measured.items()}
    for position, entry in enumerate(model.entries):
        if isinstance(entry, View):
            reports[position] = TensorReport(entry.name, reports[entry.target].dtype, entry.shape, "view")
    tensors = [reports[position] for position in range(len(model.entries))]
    return EncodeReport(tensors, file_bytes, source_bytes, decibels(energy, noise) if energy else None, warnings)
