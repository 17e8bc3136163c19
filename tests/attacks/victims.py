"""Small files with one of everything, what they hold, and how an attack on one may end."""

from __future__ import annotations

import io
import resource
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from zlib import crc32

import numpy as np
from frc_files import (
    DATA,
    INDEX,
    METADATA,
    SKELETON,
    Columns,
    digest,
    file_of,
    level_stream,
    packed,
    raw_stream,
    section,
)
from vectors.building import Viewed, build, coded, exact

from frcodec import Code, FrcError, FrcFile, open_file
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.region import Box, Scan
from frcodec.tensors import View
from frcodec.widths import Channel, declare, validate

LIMIT = 1 << 15
"""decoded bytes that attacked files may ask for"""
SECONDS = 5
MEMORY = 256 << 20
"""bytes of address space that one attack may take beyond what the process has"""
Content = tuple[dict[str, bytes], dict[str, str], bytes | None]
"""stored bytes by name, and by name and validated width such as "w 8,16"; metadata; rebuilt model file"""


class OutOfTimeError(Exception):
    """An attack took too long."""


def content(data: bytes) -> Content:
    """Everything that a file holds."""
    with open_file(data, max_bytes=LIMIT) as file:
        arrays = _entries(file)
        rebuilt = None
        if file.kind is not None:
            out = io.BytesIO()
            file.rebuild(out.write)
            rebuilt = out.getvalue()
        for one in file.widths.validated if file.widths else ():
            with open_file(data, width=one.lengths, max_bytes=LIMIT) as at:
                arrays |= _entries(at, " " + ",".join(map(str, one.lengths)))
        return arrays, file.metadata, rebuilt


def _entries(file: FrcFile, width: str = "") -> dict[str, bytes]:
    return {name + width: file.stored(name).tobytes() for name in file}


@contextmanager
def bounded() -> Iterator[None]:
    """Limits on address space and time for what runs inside; both raise errors that no reader may turn into its own."""

    def late(number: int, frame: object) -> None:
        raise OutOfTimeError

    assert threading.current_thread() is threading.main_thread()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as status:  # noqa: PTH123
        pages = int(status.read().split()[0])
    before = signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def outcome(data: bytes) -> Content | Code:
    """What a file holds, or the code of the error it gives. Any other exception passes through."""
    signal.alarm(SECONDS)
    try:
        return content(data)
    except FrcError as error:
        assert error.message
        assert error.status in (3, 4)
        return error.code


@cache
def levels_file() -> bytes:
    """Levels of a trellis with row steps, a box, blocks, contexts with classes, lanes, escapes and a shifted table; a
    scan; integers; a transform of whole axes.
    """
    context = ContextModel(3, 3, 2, 4, 1, (np.array([0, 4]), np.array([1, 0, -1])))
    tables = (Table(20, 8, 1, 5), Table(20, 30, 0, 0), Table(9, 9, 3, 60))
    rows = StreamModel(1, 3, context, tables, np.array([0, -3]))
    part = coded(
        "conv.weight",
        "float32",
        (3, 5),
        [7, -300, 0, 2, 1, -1],
        axes=(1,),
        block=1,
        region=Box((2, 3)),
        step=85 << 8 | 16,
        model=rows,
    )
    return build(
        [
            part,
            coded("fc", "bfloat16", (2, 2), [1, 0, 2], region=Scan(3), step=88 << 8 | 1),
            coded("q", "int8", (2,), [3, -3], step=5),
            coded("dct", "float16", (2, 3), [5, -1, 0, 0, 2, 0], axes=(0, 1)),
        ],
        sections=2,
    )


@cache
def shared_file() -> bytes:
    """Two shared streams, of levels and of raw bytes, a stored tensor without name, a view of it, and metadata."""
    levels = [np.array([1, 2, 3, -4], np.float32), np.zeros(1, np.float16)]
    exact = [np.array([[1.5, np.nan]], np.float32), np.arange(3, dtype=np.int16)]
    streams = [level_stream([1, 2, 3, -4, 0]), raw_stream(*exact)]
    columns = Columns(
        names="a\0b\0\0i\0v\0",
        dtypes=bytes([0, 1, 0, 6, 0]),
        codings=bytes([0, 0, 1, 1, 2]),
        ranks=bytes([1, 1, 2, 1, 2]),
        dims=[4, 1, 1, 3, 2, 2, 2],
        axes=[0, 0],
        regions=bytes(2),
        kept=[],
        steps=bytes([90, 90, 0, 0]),
        streams=[1, 1, 2, 2],
        sizes=[len(s) for s in streams],
        digests=_digests(levels, exact),
        views=[2, 0, 1, 0],
    )
    metadata = section(METADATA, packed({"author": "me", "é": ""}))
    return file_of(metadata, section(DATA, b"".join(streams)), section(INDEX, columns.pack()))


@cache
def skeleton_file() -> bytes:
    """A model file with two holes, patches before and behind them, and an unknown ancillary section."""
    first, second = np.array([1, 2], np.float32), np.arange(5, dtype=np.uint8)
    streams = [level_stream([1, 2]), raw_stream(second)]
    columns = Columns(
        names="w\0n\0",
        dtypes=bytes([0, 5]),
        codings=bytes([0, 1]),
        ranks=bytes([1, 1]),
        dims=[2, 5],
        streams=[0, 0],
        sizes=[len(s) for s in streams],
        digests=_digests([first], [second]),
    )
    crcs = [crc32(a).to_bytes(4, "little") for a in (first, second)]
    whole = b"PK" + crcs[0] + first.tobytes() + b"+" + crcs[1] + second.tobytes() + crcs[0] + b"."
    gaps = b"PK" + bytes(4) + b"+" + bytes(8) + b"."
    skeleton = packed(["zip", len(whole), crc32(whole), [6, 0, 5, 1], [2, 0, 9, 1, 5, 0], gaps])
    return file_of(
        section(99, b"ignored", ancillary=True),
        section(DATA, b"".join(streams)),
        section(SKELETON, skeleton),
        section(INDEX, columns.pack()),
    )


@cache
def empty_file() -> bytes:
    """No entries at all."""
    return file_of(section(INDEX, packed([0, "", b"", b"", b"", [], [], b"", [], b"", [], [], b"", []])))


@cache
def widths_file() -> bytes:
    """Two groups, a view that merges their axes, an exact tensor, two validated widths."""
    parts = [
        coded("w", "float32", (4, 3), [9, -2, 3], axes=(0, 1), region=Scan(3), step=86 << 8),
        Viewed(View("v", 0, 0, (12,), (1,)), "float32"),
        coded("b", "float16", (6,), [5, 1], axes=(0,), region=Box((2,)), step=88 << 8),
        exact("n", np.arange(2, dtype=np.uint8)),
    ]
    axes = {"w": {0: Channel(0), 1: Channel(1, input=True)}, "b": {0: Channel(1)}}
    return validate(declare(build(parts), axes), [(2, 3), (3, 5)], lambda at: "1", lambda at: 7)


def _digests(*streams: Iterable[np.ndarray]) -> bytes:
    return b"".join(digest(*arrays).to_bytes(4, "little") for arrays in streams)


VICTIMS = {
    "levels": levels_file,
    "shared": shared_file,
    "skeleton": skeleton_file,
    "empty": empty_file,
    "widths": widths_file,
}
