"""Prepared tensors to the bytes of a stream, with its digest, index records and reports.

A stream holds one large tensor, or several small ones of the same coding. Lossless elements are stored as planes (all
first bytes, all second bytes, …) through a general compressor, levels by the entropy coder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..container import packed
from ..container.crc32 import crc32
from ..container.records import LevelsRecord, LosslessRecord, Record
from ..entropy import stream
from ..entropy.stream import Quantized
from ..tensors import raw_bytes
from . import fit
from .prepare import PreparedTensor
from .reports import MeasuredTensor, measure

_GROUP = 1 << 20
"""symbols from which on a shared stream is closed"""


@dataclass(frozen=True, slots=True)
class CodedStream:
    """A stream and what the index and the report need of it."""

    data: bytes
    """empty once it is written"""
    size: int
    """bytes"""
    digest: int
    """CRC-32 of all decoded tensors, one after the other"""
    records: dict[int, Record]
    """by position; the stream's number is not yet known and -1"""
    checksums: dict[int, int]
    """CRC-32 of each decoded tensor, by position"""
    measured: dict[int, MeasuredTensor]
    """by position"""


def encode_stream(group: Sequence[PreparedTensor]) -> CodedStream:
    """The stream of one or several tensors of the same coding."""
    data = _encode_lossless(group) if group[0].decision is None else _encode_levels(group)
    digest = 0
    records: dict[int, Record] = {}
    checksums: dict[int, int] = {}
    measured: dict[int, MeasuredTensor] = {}
    total = sum(prepared.count for prepared in group) or 1
    for prepared in group:
        tensor, position, decision = prepared.plan.tensor, prepared.plan.position, prepared.decision
        content = raw_bytes(prepared.decoded)
        digest, checksums[position] = crc32(content, digest), crc32(content)
        if decision is None:
            records[position] = LosslessRecord(tensor.name, tensor.dtype, tensor.shape, -1)
        else:
            records[position] = LevelsRecord(tensor.name, decision.layer, -1)
        measured[position] = measure(prepared, len(data) * prepared.count / total)
    return CodedStream(data, len(data), digest, records, checksums, measured)


def groups_of(small: Sequence[PreparedTensor]) -> Iterator[list[PreparedTensor]]:
    """Tensors that share a stream, in order; all must be of the same coding."""
    group: list[PreparedTensor] = []
    count = 0
    for prepared in small:
        group.append(prepared)
        count += prepared.count
        if count >= _GROUP:
            yield group
            group, count = [], 0
    if group:
        yield group


def _encode_lossless(group: Sequence[PreparedTensor]) -> bytes:
    planes = []
    for prepared in group:
        elements = np.frombuffer(raw_bytes(prepared.decoded), np.uint8).reshape(-1, prepared.decoded.itemsize)
        planes.append(elements.T.tobytes())
    return packed.compress(b"".join(planes))


def _encode_levels(group: Sequence[PreparedTensor]) -> bytes:
    decisions = [prepared.decision for prepared in group if prepared.decision]
    if len(decisions) == 1:
        quantized, shape = decisions[0].quantized, decisions[0].layer.region.level_shape()
        model = decisions[0].model or fit.fit(quantized, shape)
    else:
        quantized = Quantized(np.concatenate([decision.quantized.levels for decision in decisions]))
        shape = (quantized.levels.size,)
        model = fit.fit(quantized, shape)
    return stream.encode(quantized, shape, model)
