"""Files put together by hand: sections, an index of columns, streams; nothing is checked, so anything can be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import msgpack
import numpy as np
from definitions import quantized

from frcodec import native
from frcodec.container import packed as packed_values
from frcodec.container.sections import HEADER, frame, trailer
from frcodec.decoder import level_stream as streams
from frcodec.entropy import stream
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES

DATA, SKELETON, METADATA, INDEX, WIDTHS = 1, 2, 3, 4, 6


def section(kind: int, payload: bytes, ancillary: bool | None = None) -> bytes:
    """One section with its checksum."""
    return b"".join(
        map(bytes, frame(kind, payload, ancillary=kind in (METADATA, WIDTHS) if ancillary is None else ancillary))
    )


def file_of(*sections: bytes) -> bytes:
    """A file of these sections, the last of which is the index."""
    return HEADER + b"".join(sections) + trailer(len(sections[-1]))


def packed(value: Any) -> bytes:
    """Any value as canonical msgpack under zstd."""
    return packed_values.compress(msgpack.packb(value, use_bin_type=True))


def planes(array: np.ndarray) -> bytes:
    """The content of a lossless stream of one entry."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def raw_stream(*arrays: np.ndarray) -> bytes:
    """A lossless stream."""
    return packed_values.compress(b"".join(planes(array) for array in arrays))


PLAIN_MODEL = StreamModel(0, 0, ContextModel(1, 1), (Table(24, 8, 0),))


def level_stream(
    levels: Sequence[int] | np.ndarray, shape: tuple[int, ...] | None = None, model: StreamModel = PLAIN_MODEL
) -> bytes:
    """A stream of levels, under one simple table unless another model is given."""
    flat = np.array(levels, np.int32).reshape(-1)
    return stream.encode(quantized(flat, model), flat.shape if shape is None else shape, model)


def decoded_by_core(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """Points [n] of a stream without row steps: the weights of a float64 tensor of step 1."""
    made = Layer(DTYPES["float64"], shape, Transform(), Box(shape), 90 << 8)
    with native.using(True):
        return streams.decode(data, [made])[0].reshape(-1)


def digest(*arrays: np.ndarray | bytes) -> int:
    """CRC-32 of decoded entries."""
    return crc32(b"".join(a if isinstance(a, bytes) else a.tobytes() for a in arrays))


@dataclass
class Columns:
    """The index of a file with one float32 tensor of three levels; change what you like, then `pack`."""

    features: Any = 0
    names: Any = "w\0"
    dtypes: Any = bytes([DTYPES["float32"].id])
    codings: Any = b"\0"
    ranks: Any = b"\1"
    dims: Any = field(default_factory=lambda: [3])
    axes: Any = field(default_factory=lambda: [0])
    regions: Any = b"\0"
    kept: Any = field(default_factory=list)
    steps: Any = bytes([90, 0])
    streams: Any = field(default_factory=lambda: [0])
    sizes: Any = field(default_factory=lambda: [len(THREE)])
    digests: Any = field(default_factory=lambda: THREE_DIGEST.to_bytes(4, "little"))
    views: Any = field(default_factory=list)

    def list(self) -> list[Any]:
        """The columns in their order."""
        return [
            self.features, self.names, self.dtypes, self.codings, self.ranks, self.dims, self.axes, self.regions,
            self.kept, self.steps, self.streams, self.sizes, self.digests, self.views,
        ]  # fmt: skip

    def pack(self) -> bytes:
        """Payload of the index section."""
        return packed(self.list())


THREE = level_stream([1, -2, 0])
THREE_DIGEST = digest(np.array([1, -2, 0], np.float32))

GOOD_INDEX = section(INDEX, Columns().pack())
GOOD = file_of(section(DATA, THREE), GOOD_INDEX)
"""the sound file that most hostile ones are made from"""


def small_file(**changes: Any) -> bytes:
    """The file of three levels with changed columns."""
    return file_of(section(DATA, THREE), section(INDEX, Columns(**changes).pack()))


def raw_file(array: np.ndarray, **changes: Any) -> bytes:
    """A file of one tensor stored without loss, with changed columns."""
    data = raw_stream(array)
    columns: dict[str, Any] = {
        "dtypes": bytes([DTYPES[array.dtype.name].id]), "codings": b"\1", "ranks": bytes([array.ndim]),
        "dims": list(array.shape), "axes": [], "regions": b"", "steps": b"", "sizes": [len(data)],
        "digests": digest(array).to_bytes(4, "little"),
    }  # fmt: skip
    return file_of(section(DATA, data), section(INDEX, Columns(**{**columns, **changes}).pack()))
