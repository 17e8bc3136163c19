"""A decoder for FRC files, written to be read: it follows frc-1.md section by section and shares no code with frcodec.

It holds everything in memory and decodes level by level, so it is slow; but it makes every check of the specification.
Sections 1 and 8 to 11, from level streams to tensors, are in reference_levels.py, section 17 is in reference_widths.py;
files are as long as their sections.

    python spec/reference_decoder.py FILE.frc                   lists name, dtype, shape and SHA-256 of every tensor
    python spec/reference_decoder.py FILE.frc --width 8,16      at this width, the lengths of all groups
"""

import hashlib
import math
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import zstandard
from reference_levels import BOX, LIMIT, MAX_CODE, SCAN, TOML, WHOLE, Array, FrcError, decode_levels, require
from reference_widths import Widths, read_widths, set_width

DTYPES: dict[int, str] = {row["id"]: name for name, row in TOML["dtypes"].items()}
BYTES: dict[str, int] = {name: row["bits"] // 8 for name, row in TOML["dtypes"].items()}  # of an element
OTHERS = ("bfloat16", "float8", "complex32", "bytes")  # NumPy does not have them: unsigned integers of their size
NUMPY = {dtype: np.dtype(f"<u{n}" if dtype.startswith(OTHERS) else dtype) for dtype, n in BYTES.items()}
(DATA, SKELETON, METADATA, INDEX, WIDTHS), (LEVELS, LOSSLESS, VIEW) = (1, 2, 3, 4, 6), (0, 1, 2)


# 2. File --------------------------------------------------------------------------------------------------------------
def read_file(file: bytes) -> dict[int, list[bytes]]:
    """Return the payloads of the sections of each type, in file order."""
    require(file[:4] == b"\x8fFRC"[: len(file)], "bad_magic")
    require(len(file) >= 6, "truncated")
    require(file[4] == 1, "future_version")
    require(file[5] == 0, "reserved_bits")
    require(file[-4:] == b"FRCz", "bad_trailer")
    sections: dict[int, list[bytes]] = {kind: [] for kind in (DATA, SKELETON, METADATA, INDEX, WIDTHS)}
    start, end, trailer = 6, 6, len(file) - 8
    while end < trailer:
        start = end
        payload, end = read_section(file, start, trailer)
        sections.setdefault(file[start], []).append(payload)
        require(sum(map(len, sections.values())) <= LIMIT.max_sections, "too_large")
    require(all(len(sections[kind]) <= 1 for kind in (SKELETON, METADATA, INDEX, WIDTHS)), "bad_section")
    require(file[start] == INDEX and file[trailer:-4] == (end - start).to_bytes(4, "little"), "bad_trailer")
    return sections


def read_section(file: bytes, start: int, trailer: int) -> tuple[bytes, int]:
    """Return the payload of the section at `start`, and where the section ends."""
    body = start + 3  # behind the uvarint, which ends with the first byte below 128
    while file[body - 1] >= 128 and body < start + 11:
        body += 1
    uvarint = file[start + 2 : body]
    end = body + sum((byte & 127) << 7 * n for n, byte in enumerate(uvarint))
    require(uvarint[-1] in range(1, 128) or uvarint == b"\0", "bad_section")
    require(end + 4 <= trailer, "truncated")
    require(file[end : end + 4] == zlib.crc32(file[start:end]).to_bytes(4, "little"), "bad_crc")
    require(file[start + 1] <= 1, "reserved_bits")
    require(file[start] in (DATA, SKELETON, METADATA, INDEX, WIDTHS) or file[start + 1] == 1, "unknown_section")
    return file[body:end], end + 4


def split_streams(data: list[bytes], sizes: tuple[int, ...]) -> Iterator[bytes]:
    """Cut the payloads of the data sections into streams."""
    require(sum(sizes) == sum(map(len, data)), "bad_section")
    joined, ends, start = b"".join(data), np.cumsum([len(payload) for payload in data]), 0
    for size in sizes:
        require(not np.any((start < ends) & (ends < start + size)), "bad_section")
        yield joined[start : start + size]
        start += size


# 3. Packed values -----------------------------------------------------------------------------------------------------
def decompress(frame: bytes, limit: int) -> bytes:
    """Return the content, of at most `limit` bytes, of exactly one zstd frame."""
    require(frame[:4] == zstandard.FRAME_HEADER, "bad_zstd")
    try:
        header, first = zstandard.get_frame_parameters(frame), zstandard.frame_header_size(frame)
        size, at, last = header.content_size, first, 0
        while not last:
            block = int.from_bytes(frame[at : at + 3], "little")
            last = block & 1
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)  # a block of kind 1 repeats one byte
            require(at <= len(frame), "bad_zstd")
        require(at + 4 * header.has_checksum == len(frame), "bad_zstd")
        require(size <= 131072 * ((len(frame) - first) // 3), "bad_zstd")  # an unknown size is 2^64 - 1
        require(size <= limit, "too_large")
        content = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(frame).read(size + 1)
    except zstandard.ZstdError as error:
        raise FrcError("bad_zstd") from error
    return content  # of this size: libzstd compares


def unpack(payload: bytes, limit: int) -> Any:
    """Return the packed value, which must be canonical."""
    content = decompress(payload, limit)
    try:
        value = msgpack.unpackb(content)
        require(count_arrays(value) <= LIMIT.max_containers, "bad_msgpack")
        require(msgpack.packb(value) == content, "bad_msgpack")
    except (ValueError, TypeError) as error:
        raise FrcError("bad_msgpack") from error
    return value


def count_arrays(value: Any) -> int:
    """Return the number of arrays in a value; more than one map is an error anyway."""
    return 1 + sum(map(count_arrays, value)) if isinstance(value, list) else 0


def check_kinds(value: Any, kinds: list[type], code: str) -> None:
    """Check that the value is an array of such elements, where an inner array is one of numbers."""
    require(isinstance(value, list) and [type(element) for element in value] == kinds, code)
    numbers = [number for column in value if isinstance(column, list) for number in column]
    require(all(type(number) is int and 0 <= number <= 2**53 for number in numbers), code)


# 4. Index -------------------------------------------------------------------------------------------------------------
@dataclass
class Entry:
    """A tensor, or a view of one, as the columns describe it."""

    name: str
    dtype: str
    coding: int
    rank: int
    shape: tuple[int, ...] = ()
    size: int = 1
    axes: tuple[int, ...] = ()  # the transformed ones
    block_log2: int = 0  # 0: they are transformed as a whole
    region: int = WHOLE
    level_shape: tuple[int, ...] = ()  # section 9
    step: int = 0  # the step code
    view: tuple[int, ...] = ()  # target, offset, strides
    channels: tuple[tuple[int, int, int], ...] = ()  # axis, group and role (0 output, 1 input) of its channel axes
    merged: tuple[tuple[int, ...], ...] = ()  # of a view of channel axes: the axes of the target that each axis takes
    width: tuple[int, ...] = ()  # the shape that it is decoded to: `shape` at full width
    p: int = 1
    q: int = 1
    data: bytes = b""  # once it is decoded

    @property
    def is_float(self) -> bool:
        """Whether levels of this dtype are floats, not integers."""
        return self.dtype in ("float32", "float16", "bfloat16", "float64")


def take(column: Iterator[int], count: int = 1) -> tuple[int, ...]:
    """Take the next values of a column."""
    values = tuple(islice(column, count))
    require(len(values) == count, "bad_record")
    return values


def read_index(payload: bytes, max_bytes: int) -> tuple[list[Entry], list[list[Entry]], tuple[int, ...], bytes]:
    """Return all entries; and the entries, the sizes and the digests of the streams."""
    value = unpack(payload, LIMIT.max_index_bytes)
    require(isinstance(value, list) and value and type(value[0]) is int, "bad_record")
    require(value[0] == 0, "unknown_feature")
    check_kinds(value, [int, str, *(list if n in (5, 6, 8, 10, 11, 13) else bytes for n in range(2, 14))], "bad_record")
    columns = [iter(column) for column in ([], [], *value[2:])]
    entries = read_entries(value[1], columns)
    require(sum(entry.size * BYTES[entry.dtype] for entry in entries) <= max_bytes, "too_large")
    read_levels([entry for entry in entries if entry.coding == LEVELS], columns)
    read_views(entries, columns[13])
    streams = read_streams([entry for entry in entries if entry.coding != VIEW], columns[10])
    sizes, digests = take(columns[11], len(streams)), bytes(take(columns[12], 4 * len(streams)))
    require(all(next(column, None) is None for column in columns), "bad_record")
    return entries, streams, sizes, digests


def read_entries(column: str, columns: list[Iterator[int]]) -> list[Entry]:
    """Return the entries with names, dtypes, codings and shapes."""
    *names, rest = column.split("\0")
    require(len(names) <= LIMIT.max_entries, "too_large")
    members = [name for name in names if name]
    require(rest == "" and len(set(members)) == len(members), "bad_name")
    require(all(len(name.encode()) <= LIMIT.max_name_bytes for name in members), "bad_name")
    dtypes, codings, ranks = (take(column, len(names)) for column in columns[2:5])
    require(all(dtype in DTYPES for dtype in dtypes) and all(coding <= VIEW for coding in codings), "unknown_feature")
    require(all(rank <= LIMIT.max_rank for rank in ranks), "bad_record")
    entries = list(map(Entry, names, (DTYPES[dtype] for dtype in dtypes), codings, ranks))
    for axis in range(max(ranks, default=0)):
        for entry in (entry for entry in entries if axis < entry.rank):
            entry.shape += take(columns[5])
    for entry in entries:
        require(math.prod(max(1, length) for length in entry.shape) <= 2**53, "bad_record")
        entry.size, entry.width = math.prod(entry.shape), entry.shape
    return entries


def read_levels(entries: list[Entry], columns: list[Iterator[int]]) -> None:
    """Return the entries with levels their transformed axes, regions and step codes."""
    high, low = take(columns[9], len(entries)), take(columns[9], len(entries))
    for n, e in enumerate(entries):
        (axes,), (e.region,), e.step = take(columns[6]), take(columns[7]), 256 * high[n] + low[n]
        e.axes, e.block_log2 = tuple(axis for axis in range(e.rank) if axes >> axis & 1), axes >> e.rank
        require(e.block_log2 <= LIMIT.max_block_log2 and e.region <= SCAN, "unknown_feature")
        kept = take(columns[8], {WHOLE: 0, BOX: e.rank, SCAN: 1}[e.region])
        e.level_shape = e.shape if e.region == WHOLE else kept
        require(e.is_float or (e.dtype in ("int8", "uint8") and not e.axes), "bad_record")
        require(e.step <= (MAX_CODE if e.is_float else 255), "bad_record")
        require(e.axes or e.block_log2 == 0, "bad_record")
        longest = LIMIT.max_transform_length if e.block_log2 == 0 else 2**53
        require(all(1 <= e.shape[axis] <= longest for axis in e.axes), "bad_record")
        require(e.region != SCAN or kept[0] <= e.size, "bad_record")
        require(e.region != BOX or (kept != e.shape and all(map(int.__le__, kept, e.shape))), "bad_record")


def read_views(entries: list[Entry], column: Iterator[int]) -> None:
    """Return the views their targets, offsets and strides."""
    for entry in (entry for entry in entries if entry.coding == VIEW):
        require(entry.name, "bad_name")
        entry.view = target, offset, *strides = take(column, 2 + entry.rank)
        require(target < len(entries), "bad_view")
        require(entries[target].coding != VIEW and entries[target].dtype == entry.dtype, "bad_view")
        last = offset + sum((length - 1) * stride for length, stride in zip(entry.shape, strides, strict=True))
        require(entry.size == 0 or last < entries[target].size, "bad_view")


def read_streams(entries: list[Entry], column: Iterator[int]) -> list[list[Entry]]:
    """Return the entries of the streams: first of those that belong to one entry, then of the shared ones."""
    numbers = take(column, len(entries))
    shared: dict[int, list[Entry]] = {}
    for entry, number in zip(entries, numbers, strict=True):
        shared.setdefault(number, []).append(entry)
    own = [[entry] for entry in shared.pop(0, [])]
    require(sorted(shared) == list(range(1, len(shared) + 1)), "bad_record")
    require(all(len({entry.coding for entry in group}) == 1 for group in shared.values()), "bad_record")
    return own + [shared[number] for number in sorted(shared)]


# 5. Skeleton ----------------------------------------------------------------------------------------------------------
def rebuild(payload: bytes, entries: list[Entry], max_bytes: int) -> bytes:
    """Return the model file, once all entries are decoded."""
    value = unpack(payload, max_bytes)
    check_kinds(value, [str, int, int, list, list, bytes], "bad_skeleton")
    _, size, crc, holes, patches, gaps = value
    require(0 <= crc < 2**32, "bad_skeleton")
    require(size <= max_bytes, "too_large")
    require(len(holes) % 2 == 0 and len(patches) % 2 == 0, "bad_skeleton")
    require(len(set(holes[1::2])) == len(holes) // 2, "bad_skeleton")
    model, spans, at, end = bytearray(), list[tuple[int, int]](), 0, 0
    for distance, number in zip(holes[0::2], holes[1::2], strict=True):
        require(number < len(entries) and entries[number].coding != VIEW and entries[number].data, "bad_skeleton")
        model += gaps[at : at + distance]
        spans.append((len(model), len(model) + len(entries[number].data)))
        model += entries[number].data
        at += distance
    model += gaps[at:]
    require(at <= len(gaps) and len(model) == size, "bad_skeleton")
    for distance, hole in zip(patches[0::2], patches[1::2], strict=True):
        start, end = end + distance, end + distance + 4
        require(end <= size and all(end <= first or last <= start for first, last in spans), "bad_skeleton")
        ahead = [n for n, (first, _) in enumerate(spans) if first >= start]
        require(hole < len(spans) and hole <= min(ahead, default=hole) and not any(model[start:end]), "bad_skeleton")
        model[start:end] = zlib.crc32(model[slice(*spans[hole])]).to_bytes(4, "little")
    require(zlib.crc32(model) == crc, "bad_digest")
    return bytes(model)


# 6. Metadata ----------------------------------------------------------------------------------------------------------
def read_metadata(payload: bytes) -> dict[str, str]:
    """Return the metadata."""
    value = unpack(payload, LIMIT.max_metadata_bytes)
    require(isinstance(value, dict) and {type(text) for text in (*value, *value.values())} <= {str}, "bad_msgpack")
    require(list(value) == sorted(value), "bad_msgpack")
    return dict(value)


# 7. Lossless streams --------------------------------------------------------------------------------------------------
def decode_lossless(stream: bytes, entries: list[Entry]) -> None:
    """Decode the entries of a lossless stream; each is stored as the planes of its bytes."""
    sizes = [entry.size * BYTES[entry.dtype] for entry in entries]
    content, end = decompress(stream, sum(sizes)), 0
    require(len(content) == sum(sizes), "bad_record")
    for entry, size in zip(entries, sizes, strict=True):
        end += size
        planes = np.frombuffer(content[end - size : end], np.uint8).reshape(BYTES[entry.dtype], entry.size)
        entry.data = planes.T.tobytes()


# 12. Digests ----------------------------------------------------------------------------------------------------------
@dataclass
class Decoded:
    """The content of a file."""

    tensors: dict[str, Array]  # bfloat16, float8, complex32 and bytes as unsigned integers of their size
    dtypes: dict[str, str]
    entries: list[bytes]  # decoded bytes by position, unnamed entries included
    metadata: dict[str, str]
    model_file: bytes | None  # rebuilt at full width, if there is a skeleton
    widths: Widths | None


def decode(data: bytes, max_bytes: int = LIMIT.default_max_bytes, lengths: tuple[int, ...] | None = None) -> Decoded:
    """Decode a file, of at most `max_bytes` of tensors; at another width where lengths of all groups are given."""
    sections = read_file(data)
    entries, streams, sizes, digests = read_index(sections[INDEX][0], max_bytes)
    metadata = read_metadata(sections[METADATA][0]) if sections[METADATA] else {}
    widths = None
    if sections[WIDTHS]:
        value = unpack(sections[WIDTHS][0], LIMIT.max_widths_bytes)
        check_kinds(value, [bytes, str, list, str, list, bytes], "bad_widths")
        widths = read_widths(value, entries)
    if lengths is not None:
        if widths is None or not set_width(entries, widths.groups, lengths):
            raise ValueError(f"{lengths} is no possible width of this file")
        require(sum(math.prod(e.width) * BYTES[e.dtype] for e in entries) <= max_bytes, "too_large")
    for n, stream in enumerate(split_streams(sections[DATA], sizes)):
        (decode_lossless if streams[n][0].coding == LOSSLESS else decode_levels)(stream, streams[n])
        crc = zlib.crc32(b"".join(entry.data for entry in streams[n]))
        same = digests[4 * n : 4 * n + 4] == crc.to_bytes(4, "little")
        require(same or any(entry.width != entry.shape for entry in streams[n]), "bad_digest")
    full = lengths is None or widths is None or lengths == tuple(widths.groups)
    if not full and widths is not None and lengths in widths.checksums:
        crc = zlib.crc32(b"".join(entry.data for entry in entries))
        require(widths.checksums[lengths] == crc, "bad_digest")
    for entry in (entry for entry in entries if entry.coding == VIEW):
        target, offset, *strides = entry.view
        if entry.width != entry.shape:
            strides = [math.prod(entry.width[axis + 1 :]) for axis in range(entry.rank)]
        elements = np.frombuffer(entries[target].data, NUMPY[entry.dtype])[offset:]
        strides = [elements.itemsize * stride for stride in strides]
        entry.data = np.lib.stride_tricks.as_strided(elements, entry.width, strides).tobytes()
    model = rebuild(sections[SKELETON][0], entries, max_bytes) if sections[SKELETON] and full else None
    named = [entry for entry in entries if entry.name]
    tensors = {e.name: np.frombuffer(e.data, NUMPY[e.dtype]).reshape(e.width) for e in named}
    return Decoded(tensors, {e.name: e.dtype for e in named}, [e.data for e in entries], metadata, model, widths)


if __name__ == "__main__":
    width = tuple(map(int, sys.argv[3].split(","))) if sys.argv[2:3] == ["--width"] else None
    decoded = decode(Path(sys.argv[1]).read_bytes(), lengths=width)
    for name, array in decoded.tensors.items():
        print(f"{name}  {decoded.dtypes[name]}  {array.shape}  {hashlib.sha256(array.tobytes()).hexdigest()}")
