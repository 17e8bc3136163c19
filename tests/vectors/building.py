"""Files from explicit levels, models and arrays, through the package's own writer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from frc_files import PLAIN_MODEL, raw_stream

from frcodec import layer
from frcodec.container.index import Index, Levels, Raw, Record, Shared, Stream
from frcodec.container.sections import frame
from frcodec.container.skeleton import Plan
from frcodec.container.writer import Writer
from frcodec.entropy import stream
from frcodec.entropy.stream import StreamModel
from frcodec.files.skeleton import Hole, Patch, checksum, cut
from frcodec.layer import Layer
from frcodec.region import Box, Region
from frcodec.tensors import DTYPES, View

ONE = 90 << 8
"""step code of 1"""


@dataclass(frozen=True)
class Coded:
    """An entry coded as levels, in a stream of its own or in a shared one."""

    name: str
    layer: Layer
    levels: np.ndarray
    model: StreamModel = PLAIN_MODEL
    shared: str | None = None

    def decoded(self) -> bytes:
        """Its bytes."""
        return layer.decode(self.levels, self.layer).tobytes()


@dataclass(frozen=True)
class Exact:
    """An entry stored without loss."""

    name: str
    dtype: str
    array: np.ndarray
    shared: str | None = None

    def decoded(self) -> bytes:
        """Its bytes."""
        return self.array.tobytes()


@dataclass(frozen=True)
class Viewed:
    """A view of the entry at `target`."""

    view: View
    dtype: str


Part = Coded | Exact | Viewed


def coded(
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    levels: Sequence[int] | np.ndarray,
    *,
    axes: tuple[int, ...] = (),
    region: Region | None = None,
    step: int = ONE,
    model: StreamModel = PLAIN_MODEL,
    shared: str | None = None,
) -> Coded:
    """An entry of levels, of the whole tensor unless a region is given."""
    made = Layer(DTYPES[dtype], shape, axes, region or Box(shape), step)
    return Coded(name, made, np.array(levels, np.int32).reshape(-1), model, shared)


def exact(name: str, array: np.ndarray, dtype: str | None = None, shared: str | None = None) -> Exact:
    """A stored entry."""
    return Exact(name, dtype or array.dtype.name, array, shared)


@dataclass(frozen=True)
class Rebuilt:
    """A model file: its pieces are bytes, numbers of entries, or ("crc", number of hole)."""

    kind: str
    pieces: tuple[bytes | int | tuple[str, int], ...]


def build(
    parts: Sequence[Part],
    *,
    metadata: dict[str, str] | None = None,
    rebuilt: Rebuilt | None = None,
    before: bytes = b"",
    sections: int = 1,
) -> bytes:
    """The file of these entries, in this order; `before` goes between header and data, in `sections` data sections."""
    groups: list[list[int]] = [[i] for i, p in enumerate(parts) if not isinstance(p, Viewed) and p.shared is None]
    own = len(groups)
    names = dict.fromkeys(p.shared for p in parts if not isinstance(p, Viewed) and p.shared is not None)
    groups += [[i for i, p in enumerate(parts) if not isinstance(p, Viewed) and p.shared == name] for name in names]
    streams = [_stream([parts[i] for i in group]) for group in groups]
    number = {i: n for n, group in enumerate(groups) for i in group}
    records = tuple(_record(part, number.get(i, -1)) for i, part in enumerate(parts))
    digests = [crc32(b"".join(_bytes(parts[i]) for i in group)) for group in groups]
    out = io.BytesIO()
    writer = Writer(out)
    writer.written += out.write(before)
    for i, data in enumerate(streams):
        writer.add(data)
        if (i + 1) * sections // max(1, len(streams)) > i * sections // max(1, len(streams)) and sections > 1:
            writer._flush()
    table = tuple(Stream(len(data), value) for data, value in zip(streams, digests, strict=True))
    writer.finish(Index(records, table, own), _plan(rebuilt, parts), metadata or {})
    return out.getvalue()


def ancillary(kind: int, payload: bytes) -> bytes:
    """A section that readers skip."""
    return b"".join(map(bytes, frame(kind, payload, ancillary=True)))


def _bytes(part: Part) -> bytes:
    assert not isinstance(part, Viewed)
    return part.decoded()


def _stream(members: Sequence[Part]) -> bytes:
    first = members[0]
    if isinstance(first, Exact):
        return raw_stream(*(m.array for m in members if isinstance(m, Exact)))
    assert isinstance(first, Coded)
    levels = np.concatenate([m.levels for m in members if isinstance(m, Coded)])
    shape = first.layer.region.level_shape() if len(members) == 1 else (levels.size,)
    return stream.encode(levels, shape, first.model)


def _record(part: Part, number: int) -> Record:
    if isinstance(part, Coded):
        return Levels(part.name, part.layer, number)
    if isinstance(part, Exact):
        return Raw(part.name, DTYPES[part.dtype], part.array.shape, number)
    return Shared(part.view, DTYPES[part.dtype])


def _plan(rebuilt: Rebuilt | None, parts: Sequence[Part]) -> Plan | None:
    if rebuilt is None:
        return None
    holes, patches, image = [], [], bytearray()
    for piece in rebuilt.pieces:
        if isinstance(piece, int):
            content = _bytes(parts[piece])
            holes.append(Hole(len(image), len(content), piece))
            image += content
        elif isinstance(piece, tuple):
            patches.append(Patch(len(image), piece[1]))
            image += bytes(4)
        else:
            image += piece
    skeleton = cut([bytes(image)], holes, patches)
    return Plan(rebuilt.kind, skeleton, checksum(skeleton, {h.entry: crc32(_bytes(parts[h.entry])) for h in holes}))


def levels_by_number(size: int, seed: int, scale: float = 6.0) -> np.ndarray:
    """Laplacian levels that fall off, made of integers only."""
    state, values = seed * 2654435761 % 2**32, []
    for place in range(size):
        state = (state * 1664525 + 1013904223) % 2**32
        width = max(1, int(scale * 8 / (8 + place)))
        values.append((state >> 16) % (2 * width + 1) - width)
    return np.array(values, np.int32)


def power(exponent: int, mantissa: int = 0) -> int:
    """Code of (1 + mantissa / 256) · 2^exponent."""
    return (90 + exponent) * 256 + mantissa
