"""Files from explicit levels, models and arrays, through the package's own writer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from definitions import points_of
from frc_files import PLAIN_MODEL, level_stream, raw_stream

from frcodec.container.rebuild import checksum
from frcodec.container.records import Index, LevelsRecord, LosslessRecord, Record, Stream, ViewRecord
from frcodec.container.sections import frame
from frcodec.container.skeleton import Hole, Patch, RebuildRecipe
from frcodec.container.writer import Writer
from frcodec.entropy.stream import StreamModel
from frcodec.errors import CorruptError
from frcodec.formats.model import cut
from frcodec.stages import layer
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Region
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, View

ONE = 90 << 8
"""step code of 1"""


@dataclass(frozen=True)
class Coded:
    """An entry coded as levels, in a stream of its own or in a shared one, whose model is that of its first entry."""

    name: str
    layer: Layer
    levels: np.ndarray
    model: StreamModel = PLAIN_MODEL
    shared: str | None = None


@dataclass(frozen=True)
class Exact:
    """An entry stored without loss."""

    name: str
    dtype: str
    array: np.ndarray
    shared: str | None = None


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
    block: int = 0,
    region: Region | None = None,
    step: int = ONE,
    model: StreamModel = PLAIN_MODEL,
    shared: str | None = None,
) -> Coded:
    """An entry of levels, of the whole tensor unless a region is given."""
    made = Layer(DTYPES[dtype], shape, Transform(axes, block), region or Box(shape), step)
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
    """The file of these entries, in this order; `before` goes between header and data, in `sections` data sections.

    A stream that does not decode gets the digest 0.
    """
    groups: list[list[int]] = [[i] for i, p in enumerate(parts) if not isinstance(p, Viewed) and p.shared is None]
    own = len(groups)
    names = dict.fromkeys(p.shared for p in parts if not isinstance(p, Viewed) and p.shared is not None)
    groups += [[i for i, p in enumerate(parts) if not isinstance(p, Viewed) and p.shared == name] for name in names]
    number = {i: n for n, group in enumerate(groups) for i in group}
    records = tuple(_record(part, number.get(i, -1)) for i, part in enumerate(parts))
    out, table, decoded = io.BytesIO(), [], dict[int, bytes]()
    writer = Writer(out)
    writer.written += out.write(before)
    for i, group in enumerate(groups):
        data, contents = _stream([parts[member] for member in group])
        decoded |= dict(zip(group, contents, strict=False))
        table.append(Stream(len(data), crc32(b"".join(contents))))
        writer.add(data)
        if (i + 1) * sections // max(1, len(groups)) > i * sections // max(1, len(groups)) and sections > 1:
            writer._flush()
    writer.finish(Index(records, tuple(table), own), _plan(rebuilt, decoded), metadata or {})
    return out.getvalue()


def ancillary(kind: int, payload: bytes) -> bytes:
    """A section that readers skip."""
    return b"".join(map(bytes, frame(kind, payload, ancillary=True)))


def _stream(members: Sequence[Part]) -> tuple[bytes, list[bytes]]:
    """A stream and what its entries decode to; nothing where they do not decode."""
    first = members[0]
    if not isinstance(first, Coded):
        arrays = [m.array for m in members if isinstance(m, Exact)]
        return raw_stream(*arrays), [array.tobytes() for array in arrays]
    coded_members = [m for m in members if isinstance(m, Coded)]
    levels = np.concatenate([m.levels for m in coded_members])
    shape = first.layer.region.level_shape() if len(members) == 1 else (levels.size,)
    points = np.split(points_of(levels, first.model), np.cumsum([m.levels.size for m in coded_members])[:-1])
    data = level_stream(levels, shape, first.model)
    with suppress(CorruptError):
        steps = first.model.row_steps
        return data, [layer.decode(p, m.layer, steps).tobytes() for p, m in zip(points, coded_members, strict=True)]
    return data, []


def _record(part: Part, number: int) -> Record:
    if isinstance(part, Coded):
        return LevelsRecord(part.name, part.layer, number)
    if isinstance(part, Exact):
        return LosslessRecord(part.name, DTYPES[part.dtype], part.array.shape, number)
    return ViewRecord(part.view, DTYPES[part.dtype])


def _plan(rebuilt: Rebuilt | None, decoded: dict[int, bytes]) -> RebuildRecipe | None:
    if rebuilt is None:
        return None
    holes, patches, image = [], [], bytearray()
    for piece in rebuilt.pieces:
        if isinstance(piece, int):
            holes.append(Hole(len(image), len(decoded[piece]), piece))
            image += decoded[piece]
        elif isinstance(piece, tuple):
            patches.append(Patch(len(image), piece[1]))
            image += bytes(4)
        else:
            image += piece
    skeleton = cut([bytes(image)], holes, patches)
    return RebuildRecipe(rebuilt.kind, skeleton, checksum(skeleton, {h.entry: crc32(decoded[h.entry]) for h in holes}))


def noise(size: int, seed: int, width: int) -> np.ndarray:
    """Triangular noise of integers."""
    state, values = seed, []
    for _ in range(size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append((state >> 33) % (width + 1) - (state >> 13) % (width + 1))
    return np.array(values, np.int32)


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
