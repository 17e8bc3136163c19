"""Seeds of the fuzzers beside this file: `PYTHONPATH=tests python android_loader/fuzz/seeds.py FOLDER`.

FOLDER/levels gets records with streams (levels.cpp), FOLDER/file the vectors, as they are and unsealed (file.cpp).
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
from frc_files import level_stream

from frcodec.constants import SECTION_DATA
from frcodec.container import packed, sections
from frcodec.decoder import level_stream as streams
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES

SHAPES = [(), (1,), (7,), (300,), (20, 30), (6, 5, 3, 3), (2, 1, 64, 1), (33, 2, 17)]


def seeds(count: int) -> list[bytes]:
    """Inputs that decode without an error, of all kinds; the same ones every time."""
    return [seed(np.random.default_rng(number), number) for number in range(count)]


def seed(rng: np.random.Generator, number: int) -> bytes:
    """A record and a stream."""
    shape = SHAPES[number % len(SHAPES)]
    dtype = DTYPES[str(rng.choice(["float32", "float32", "float16", "bfloat16", "float64", "int8"]))]
    region = [
        Box(shape),
        Box(tuple(int(rng.integers(1, n + 1)) for n in shape)),
        Scan(int(rng.integers(np.prod(shape)) + 1)),
    ]
    kept = region[int(rng.integers(3))]
    axes = tuple(axis for axis in range(len(shape)) if rng.random() < 0.5) if dtype.lossy else ()
    made = Layer(
        dtype, shape, Transform(axes, int(rng.integers(0, 6)) if axes else 0), kept, int(rng.integers(84 << 8, 90 << 8))
    )
    if not dtype.lossy:
        made = Layer(dtype, shape, Transform(), kept, int(rng.integers(256)))
    stored = kept.level_shape()
    state_bits = int(rng.choice([0, 2, 4, 8]))
    contexts = int(rng.integers(1, 6))
    classes = tuple(rng.integers(-3, 3, n) if rng.random() < 0.5 else None for n in stored)
    context = ContextModel(
        int(rng.integers(1, 40)), contexts, int(rng.integers(1, 6)), int(rng.integers(6)), 1, classes
    )
    scale = int(rng.integers(40))
    tables = tuple(Table(30 - i, min(63, scale + i), i % 4, i if state_bits else 0) for i in range(contexts))
    rows = None
    if dtype.lossy and stored and 0 not in axes and isinstance(kept, Box) and rng.random() < 0.5:
        rows = rng.integers(-4, 4, stored[0])
    model = StreamModel(int(rng.integers(0, 6)), state_bits, context, tables, rows)
    levels = np.rint(rng.laplace(scale=2.0 ** rng.uniform(-1, 6), size=stored)).astype(np.int32)
    return record(made) + level_stream(levels, stored, model)


def record(made: Layer) -> bytes:
    """The front of an input."""
    target = streams._destination(made, np.empty(made.shape, made.dtype.storage))
    front = struct.pack(
        "<4B2IH", target.dtype, len(made.shape), target.region, target.block, target.axes, target.count, target.step
    )
    return front + b"".join(struct.pack("<2H", *pair) for pair in zip(made.shape, target.kept, strict=True))


def unsealed(file: bytes) -> bytes:
    """A file as the sections that file.cpp makes it of again; b"" where they do not fit."""
    made = b"\1"
    data = memoryview(file)
    for section in sections.walk(data):
        payload = bytes(data[section.payload])
        if section.type != SECTION_DATA and section.type in sections.KNOWN_SECTIONS:
            payload = packed.decompress(payload, 1 << 24)
        if len(payload) >= 1 << 16:
            return b""
        made += bytes([section.type, data[section.start + 1]]) + struct.pack("<H", len(payload)) + payload
    return made


def files(limit: int) -> list[bytes]:
    """The valid vectors of at most so many bytes."""
    folder = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "valid"
    return [content for path in sorted(folder.glob("*.frc")) if len(content := path.read_bytes()) <= limit]


def write(folder: Path, contents: list[bytes]) -> None:
    """One file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(contents):
        (folder / f"seed{number:03}").write_bytes(content)


def main() -> None:
    """Write the seeds."""
    folder = Path(sys.argv[1])
    write(folder / "levels", seeds(200))
    write(folder / "file", [b"\0" + file for file in files(4096)] + [unsealed(file) for file in files(4096)])


if __name__ == "__main__":
    main()
