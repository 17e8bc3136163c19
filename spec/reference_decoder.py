"""A decoder for FRC files that is written to be read: it follows frc-1.md section by section and shares no code.

It holds everything in memory and decodes level by level, so it is slow; but it makes every check of the specification.

    python spec/reference_decoder.py FILE.frc       lists name, dtype, shape and SHA-256 of every tensor
"""

import hashlib
import math
import sys
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgpack
import numpy as np
import zstandard

# 1. Conventions -------------------------------------------------------------------------------------------------------
Array = np.ndarray[Any, np.dtype[Any]]
TOML = tomllib.loads(Path(__file__).with_name("constants.toml").read_text(encoding="utf-8"))
LIMIT = SimpleNamespace(**TOML["limits"], **TOML["transform"], **TOML["entropy"])
DTYPES: dict[int, str] = {row["id"]: name for name, row in TOML["dtypes"].items()}
BYTES: dict[str, int] = {name: row["bits"] // 8 for name, row in TOML["dtypes"].items()}  # of an element
OTHERS = ("bfloat16", "float8", "complex32", "bytes")  # NumPy does not have them: unsigned integers of their size
NUMPY = {dtype: np.dtype(f"<u{n}" if dtype.startswith(OTHERS) else dtype) for dtype, n in BYTES.items()}
(DATA, SKELETON, METADATA, INDEX), (LEVELS, RAW, VIEW), (WHOLE, BOX, SCAN) = (1, 2, 3, 4), (0, 1, 2), (0, 1, 2)
ESCAPE = 128  # stands for the escape among the symbols -127..127


class FrcError(Exception):
    """A file that must be refused; `code` is the name of an error of section 15."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} ({TOML['errors'][code]})")
        self.code = code


def require(condition: Any, code: str) -> None:
    """Refuse the file unless the condition holds."""
    if not condition:
        raise FrcError(code)


# 2. File --------------------------------------------------------------------------------------------------------------
def read_file(file: bytes) -> dict[int, list[bytes]]:
    """Give the payloads of the sections of each type, in file order."""
    require(file[:4] == b"\x8fFRC"[: len(file)], "bad_magic")
    require(len(file) >= 6, "truncated")
    require(file[4] == 1, "future_version")
    require(file[5] == 0, "reserved_bits")
    require(len(file) >= 14 and file[-4:] == b"FRCz", "bad_trailer")
    sections: dict[int, list[bytes]] = {DATA: [], SKELETON: [], METADATA: [], INDEX: []}
    start, end, trailer = 6, 6, len(file) - 8
    while end < trailer:
        start = end
        payload, end = read_section(file, start, trailer)
        sections.setdefault(file[start], []).append(payload)
        require(sum(map(len, sections.values())) <= LIMIT.max_sections, "too_large")
    require(all(len(sections[kind]) <= 1 for kind in (SKELETON, METADATA, INDEX)), "bad_section")
    require(file[start] == INDEX and file[trailer:-4] == (end - start).to_bytes(4, "little"), "bad_trailer")
    return sections


def read_section(file: bytes, start: int, trailer: int) -> tuple[bytes, int]:
    """Give the payload of the section at `start`, and where the section ends."""
    body = start + 3  # behind the uvarint, which ends with the first byte below 128
    while file[body - 1] >= 128 and body < start + 11:
        body += 1
    uvarint = file[start + 2 : body]
    end = body + sum((byte & 127) << 7 * n for n, byte in enumerate(uvarint))
    require(uvarint[-1] in range(1, 128) or uvarint == b"\0", "bad_section")
    require(end + 4 <= trailer, "truncated")
    require(file[end : end + 4] == zlib.crc32(file[start:end]).to_bytes(4, "little"), "bad_crc")
    require(file[start + 1] <= 1, "reserved_bits")
    require(DATA <= file[start] <= INDEX or file[start + 1] == 1, "unknown_section")
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
    """Give the content, of at most `limit` bytes, of exactly one zstd frame."""
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
        require(size != zstandard.CONTENTSIZE_UNKNOWN and size <= 131072 * ((len(frame) - first) // 3), "bad_zstd")
        require(size <= limit, "too_large")
        content = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(frame).read(size + 1)
    except zstandard.ZstdError as error:
        raise FrcError("bad_zstd") from error
    require(len(content) == size, "bad_zstd")
    return content


def unpack(payload: bytes, limit: int) -> Any:
    """Give the packed value, which must be canonical."""
    content = decompress(payload, limit)
    try:
        value = msgpack.unpackb(content)
        require(msgpack.packb(value) == content, "bad_msgpack")
    except (ValueError, TypeError) as error:
        raise FrcError("bad_msgpack") from error
    return value


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
    region: int = WHOLE
    level_shape: tuple[int, ...] = ()  # section 9
    step: int = 0  # the step code
    view: tuple[int, ...] = ()  # target, offset, strides
    data: bytes = b""  # once it is decoded


def take(column: Iterator[int], count: int = 1) -> tuple[int, ...]:
    """Take the next values of a column."""
    values = tuple(islice(column, count))
    require(len(values) == count, "bad_record")
    return values


def read_index(payload: bytes, max_bytes: int) -> tuple[list[Entry], list[list[Entry]], tuple[int, ...], bytes]:
    """Give all entries; and the entries, the sizes and the digests of the streams."""
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
    """Give the entries with names, dtypes, codings and shapes."""
    *names, rest = column.split("\0")
    require(len(names) <= LIMIT.max_entries, "too_large")
    members = [name for name in names if name]
    require(rest == "" and len(set(members)) == len(members), "bad_name")
    require(all(len(name.encode()) <= LIMIT.max_name_bytes for name in members), "bad_name")
    dtypes, codings, ranks = (take(column, len(names)) for column in columns[2:5])
    require(all(dtype in DTYPES for dtype in dtypes) and all(coding <= VIEW for coding in codings), "unknown_feature")
    require(all(rank <= LIMIT.max_rank for rank in ranks), "bad_record")
    entries = list(map(Entry, names, (DTYPES[dtype] for dtype in dtypes), codings, ranks))
    for axis in range(LIMIT.max_rank):
        for entry in (entry for entry in entries if axis < entry.rank):
            entry.shape += take(columns[5])
    for entry in entries:
        require(math.prod(max(1, length) for length in entry.shape) <= 2**53, "bad_record")
        entry.size = math.prod(entry.shape)
    return entries


def read_levels(entries: list[Entry], columns: list[Iterator[int]]) -> None:
    """Give the entries with levels their transformed axes, regions and step codes."""
    high, low = take(columns[9], len(entries)), take(columns[9], len(entries))
    for n, e in enumerate(entries):
        (mask,), (e.region,), e.step = take(columns[6]), take(columns[7]), 256 * high[n] + low[n]
        require(mask >> e.rank == 0 and e.region <= SCAN, "unknown_feature")
        e.axes = tuple(axis for axis in range(e.rank) if mask >> axis & 1)
        kept = take(columns[8], {WHOLE: 0, BOX: e.rank, SCAN: 1}[e.region])
        e.level_shape = e.shape if e.region == WHOLE else kept
        if e.dtype in ("int8", "uint8"):
            require(not e.axes and e.step <= 255, "bad_record")
        else:
            require(e.dtype in ("float32", "float16", "bfloat16", "float64") and e.step <= 55807, "bad_record")
        require(all(1 <= e.shape[axis] <= LIMIT.max_transform_length for axis in e.axes), "bad_record")
        require(e.region != SCAN or kept[0] <= e.size, "bad_record")
        require(e.region != BOX or (kept != e.shape and all(map(int.__le__, kept, e.shape))), "bad_record")


def read_views(entries: list[Entry], column: Iterator[int]) -> None:
    """Give the views their targets, offsets and strides."""
    for entry in (entry for entry in entries if entry.coding == VIEW):
        require(entry.name, "bad_name")
        entry.view = target, offset, *strides = take(column, 2 + entry.rank)
        require(target < len(entries), "bad_view")
        require(entries[target].coding != VIEW and entries[target].dtype == entry.dtype, "bad_view")
        last = offset + sum((length - 1) * stride for length, stride in zip(entry.shape, strides, strict=True))
        require(entry.size == 0 or last < entries[target].size, "bad_view")


def read_streams(entries: list[Entry], column: Iterator[int]) -> list[list[Entry]]:
    """Give the entries of the streams: first of those that belong to one entry, then of the shared ones."""
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
    """Give the model file, once all entries are decoded."""
    value = unpack(payload, max_bytes)
    check_kinds(value, [str, int, int, list, list, bytes], "bad_skeleton")
    _, size, crc, holes, patches, gaps = value
    require(size >= 0 and 0 <= crc < 2**32, "bad_skeleton")
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
    """Give the metadata."""
    value = unpack(payload, LIMIT.max_metadata_bytes)
    require(isinstance(value, dict) and {type(text) for text in (*value, *value.values())} <= {str}, "bad_msgpack")
    require(list(value) == sorted(value), "bad_msgpack")
    return dict(value)


# 7. Raw streams -------------------------------------------------------------------------------------------------------
def decode_raw(stream: bytes, entries: list[Entry]) -> None:
    """Decode the entries of a raw stream; each is stored as the planes of its bytes."""
    sizes = [entry.size * BYTES[entry.dtype] for entry in entries]
    content, end = decompress(stream, sum(sizes)), 0
    require(len(content) == sum(sizes), "bad_record")
    for entry, size in zip(entries, sizes, strict=True):
        end += size
        planes = np.frombuffer(content[end - size : end], np.uint8).reshape(BYTES[entry.dtype], entry.size)
        entry.data = planes.T.tobytes()


# 8. Level streams -----------------------------------------------------------------------------------------------------
def decode_levels(stream: bytes, level_shape: tuple[int, ...]) -> Array:
    """Give the levels of a stream."""
    bits, n, most = Bits(stream), math.prod(level_shape), LIMIT.segment_levels
    L, r = 2 ** bits.gamma(LIMIT.max_lanes_log2), bits.gamma(LIMIT.max_row_length - 1) + 1
    contexts = bits.gamma(LIMIT.max_contexts - 1) + 1
    wp, wn, base = bits.field(3), bits.field(3), signed(bits.gamma(2 * 65536))
    P = read_classes(bits, level_shape) if wp > 0 else np.zeros(n, np.int64)
    parameters = [np.array([bits.field(6), bits.field(6), bits.field(2)])]
    for _ in range(contexts - 1):
        parameters.append((parameters[-1] + [signed(bits.unary()) for _ in range(3)]) % (64, 64, 4))
    tables = [Table(*row.tolist()) for row in parameters]
    words = [bits.gamma(2**33) for _ in range(most, n, most)]
    require(bits.field(-bits.at % 8) == 0, "reserved_bits")
    levels, end = np.zeros(n, np.int64), bits.at // 8
    for start in range(0, n, most):
        at, end = end, end + 4 * L + 2 * words.pop(0) if words else len(stream)
        wP = (wp * P[start : start + most]).tolist()
        levels[start : start + most] = decode_segment(Lanes(stream[at:end], L), tables, wP, wn, base, r)
    require(end == len(stream), "bad_stream")
    return levels


class Bits:
    """The header bits (8.1)."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def field(self, width: int) -> int:
        """Take a field."""
        require(self.at + width <= 8 * len(self.data), "bad_stream")
        start, self.at = self.at, self.at + width
        return sum((self.data[n >> 3] >> (n & 7) & 1) << (n - start) for n in range(start, self.at))

    def unary(self) -> int:
        """Take a unary."""
        ones = 0
        while self.field(1):
            ones += 1
        return ones

    def gamma(self, largest: int) -> int:
        """Take a gamma in 0..largest."""
        width = self.unary()
        require(width <= 32, "bad_stream")
        value = self.field(width) + (1 << width) - 1
        require(value <= largest, "bad_stream")
        return value


def signed(u: int) -> int:
    """Map 0, 1, 2, 3, 4 … to 0, -1, 1, -2, 2 …."""
    return -(u + 1) // 2 if u % 2 else u // 2


def read_classes(bits: Bits, level_shape: tuple[int, ...]) -> Array:
    """Give P (8.3) of every level."""
    P = np.zeros(level_shape, np.int64)
    for axis, length in enumerate(level_shape):
        present = bits.unary()
        require(present <= 1, "bad_stream")
        classes = np.array([signed(bits.unary()) for _ in range(length * present)], np.int64)
        require(np.all((classes >= -128) & (classes <= 127)), "bad_stream")
        if present:
            P += classes.reshape(-1, *[1] * (len(level_shape) - 1 - axis))
    return P.ravel()


class Lanes:
    """The states and words of a segment (8.2)."""

    def __init__(self, data: bytes, L: int) -> None:
        require(len(data) >= 4 * L and len(data) % 2 == 0, "bad_stream")
        self.states: list[int] = np.frombuffer(data[: 4 * L], "<u4").tolist()
        self.words: Iterator[int] = iter(np.frombuffer(data[4 * L :], "<u2").tolist())
        require(min(self.states) >= 2**16, "bad_stream")

    def update(self, lane: int, x: int) -> None:
        """End an operation on a lane: its new state is x, or takes a word."""
        if x < 2**16:
            word = next(self.words, -1)
            require(word >= 0, "bad_stream")
            x = 2**16 * x + word
        self.states[lane] = x

    def symbol(self, lane: int, slots: list[tuple[int, int, int]]) -> int:
        """Take a symbol."""
        x = self.states[lane]
        symbol, f, s = slots[x % 4096]
        self.update(lane, f * (x >> 12) + x % 4096 - s)
        return symbol

    def bits(self, lane: int, count: int) -> int:
        """Take low bits."""
        x = self.states[lane]
        self.update(lane, x >> count)
        return x % (1 << count)


QS = [T.bit_length() - 1 for T in range(LIMIT.max_neighbor_sum + 1)]
N = [1 + 2 * q + (2 ** (2 * q + 1) <= T * T) if T > 0 else 0 for T, q in enumerate(QS)]  # 8.3


def decode_segment(lanes: Lanes, tables: list["Table"], wP: list[int], wn: int, base: int, r: int) -> list[int]:
    """Give the levels of a segment (8.2) from wp · P of each of them."""
    m, c = len(wP), -(-len(wP) // len(lanes.states))
    levels, v = [0] * m, [0] * m
    for t in range(c):
        chosen = []
        for i in range(t, m, c):  # the places of level t of lanes 0, 1, …
            T = sum(v[i - b] for b in (1, 2, r, 2 * r) if b <= t)
            context = ((wP[i] + wn * N[min(T, LIMIT.max_neighbor_sum)]) >> 2) - base
            chosen.append(tables[min(max(context, 0), len(tables) - 1)])
        levels[t::c] = decode_step(lanes, chosen)
        v[t::c] = [min(abs(level), LIMIT.max_neighbor_sum) for level in levels[t::c]]
    require(set(lanes.states) == {2**16} and next(lanes.words, -1) < 0, "bad_stream")
    return levels


def decode_step(lanes: Lanes, tables: list["Table"]) -> list[int]:
    """Give one level of each of the first lanes, whose tables these are (8.2); operations with 0 bits do nothing."""
    highs = [lanes.symbol(lane, table.slots) for lane, table in enumerate(tables)]
    lows = [lanes.bits(lane, table.shift) for lane, table in enumerate(tables)]
    heads = [(lane, lanes.bits(lane, 6)) for lane, high in enumerate(highs) if high == ESCAPE]
    e = [lanes.bits(lane, min(h >> 1, 16)) for lane, h in heads]
    e_high = [lanes.bits(lane, max(h >> 1, 16) - 16) for lane, h in heads]
    for n, (lane, h) in enumerate(heads):
        magnitude = tables[lane].R + 2 ** (h >> 1) + e[n] + 2**16 * e_high[n]
        highs[lane] = -magnitude if h % 2 else magnitude
    powers = [2**table.shift for table in tables]
    levels = [high * power + low - power // 2 for high, power, low in zip(highs, powers, lows, strict=True)]
    require(max(map(abs, highs + levels)) <= LIMIT.max_level, "bad_stream")
    return levels


class Table:
    """What the 4096 slots of a context mean (8.4)."""

    def __init__(self, zero: int, scale: int, shape: int) -> None:
        EXP2 = LIMIT.exp2
        self.shift = max(0, (scale - 20 + 3) >> 2)
        s = scale - 4 * self.shift
        o = EXP2[16 * abs(zero - 24) % 64] >> (16 * abs(zero - 24) >> 6)
        m = (4096 * o + (o + 65536) // 2) // (o + 65536)
        f0 = m if zero < 24 else 4096 - m
        u = 8 * (shape + 1) * (s - 8) + 256
        c = (EXP2[u % 64] * 2**14) >> (u >> 6)
        E = [(math.isqrt(j ** (shape + 1) * 2**16) * c) >> 28 for j in range(1, LIMIT.tail_terms + 1)]
        w = [EXP2[(e - E[0]) % 64] >> min((e - E[0]) >> 6, 17) for e in E]
        W = sum(w)
        C = [0] + [partial * (4095 - f0) // (2 * W) for partial in accumulate(w)]
        self.R = next(j for j in range(128) if j == LIMIT.max_direct or C[j + 1] == C[j])
        self.slots = [(0, f0, 0)] * f0  # symbol, frequency, first slot
        for symbol in (sign * j for j in range(1, self.R + 1) for sign in (-1, 1)):
            f = C[abs(symbol)] - C[abs(symbol) - 1]
            self.slots += [(symbol, f, len(self.slots))] * f
        rest, first = 4096 - len(self.slots), len(self.slots)
        self.slots += [(ESCAPE, rest, first)] * rest


# 9. Kept region -------------------------------------------------------------------------------------------------------
def place(levels: Array, entry: Entry) -> Array:
    """Give the levels in a box, which for a scan prefix is the one of section 10, with zeros behind the prefix."""
    if entry.region != SCAN:
        return levels.reshape(entry.level_shape)
    sums = sum(np.indices(entry.shape, sparse=True), np.zeros(entry.shape, np.int64))
    kept = np.argsort(sums, axis=None, kind="stable")[: len(levels)]
    X = np.zeros(entry.shape, np.int64)
    X.put(kept, levels)
    return X[(slice(int(sums.take(kept).max(initial=0)) + 1),) * entry.rank]


# 10. Inverse transform ------------------------------------------------------------------------------------------------
def transform(X: Array, entry: Entry) -> tuple[Array, int]:
    """Give y and F from the box of levels."""
    Q = sum(level * level for level in X.ravel().tolist())
    F = max((F for F in range(LIMIT.max_fraction_bits + 1) if 2**LIMIT.energy_bits >= Q << 2 * F), default=0)
    require(LIMIT.min_fraction_bits <= F, "bad_record")
    X = X * 2**F
    for axis in sorted(entry.axes, key=lambda a: (Fraction(entry.shape[a], max(1, X.shape[a])), a)):
        B = basis(entry.shape[axis], X.shape[axis])
        sums = np.moveaxis(np.tensordot(B, X.astype(np.float64), (1, axis)), 0, axis)
        X = (sums.astype(np.int64) + 2**21) >> 22
    return X, F


def basis(N: int, K: int) -> Array:
    """Give the first K columns of B, in doubles."""
    k = np.arange(K)
    m = k * (2 * np.arange(N)[:, None] + 1) % (4 * N)  # the angle in units of pi / 2N
    m = np.minimum(m, 4 * N - m)  # now at most pi, and below at most pi / 2
    cosine = np.where(m > N, -1, 1) * np.cos(np.pi * np.minimum(m, 2 * N - m) / (2 * N))
    return np.asarray(np.floor(2**22 * np.sqrt(np.where(k > 0, 2, 1) / N) * cosine + 0.5))


# 11. Reconstruction ---------------------------------------------------------------------------------------------------
def reconstruct(levels: Array, entry: Entry) -> bytes:
    """Give the decoded bytes of an entry."""
    box, F = transform(place(levels, entry), entry) if entry.axes else (place(levels, entry), 0)
    X = np.zeros(entry.shape, np.int64)
    X[tuple(map(slice, box.shape))] = box
    if entry.dtype in ("int8", "uint8"):
        return (X + entry.step).astype(np.uint8).tobytes()
    value: Array = X * ((256 + entry.step % 256) / 256 * 2.0 ** ((entry.step >> 8) - 90 - F))
    with np.errstate(over="ignore"):
        single = value.astype("<f4")
        value = {"float64": value.astype("<f8"), "float16": single.astype("<f2")}.get(entry.dtype, single)
    require(np.all(np.isfinite(value)), "bad_value")
    if entry.dtype == "bfloat16":
        b = single.view("<u4").astype(np.int64)
        value = ((b + 32767 + (b >> 16) % 2) >> 16).astype("<u2")
        require(np.all(value & 0x7F80 != 0x7F80), "bad_value")
    return value.tobytes()


# 12. Digests ----------------------------------------------------------------------------------------------------------
@dataclass
class Decoded:
    """What a file holds."""

    tensors: dict[str, Array]  # bfloat16, float8, complex32 and bytes as unsigned integers of their size
    dtypes: dict[str, str]
    entries: list[bytes]  # decoded bytes by position, unnamed entries included
    metadata: dict[str, str]
    model_file: bytes | None  # rebuilt, if there is a skeleton


def decode(data: bytes, max_bytes: int = LIMIT.default_max_bytes) -> Decoded:
    """Decode a file, of at most `max_bytes` of tensors."""
    sections = read_file(data)
    entries, streams, sizes, digests = read_index(sections[INDEX][0], max_bytes)
    metadata = read_metadata(sections[METADATA][0]) if sections[METADATA] else {}
    for n, stream in enumerate(split_streams(sections[DATA], sizes)):
        decode_stream(stream, streams[n])
        crc = zlib.crc32(b"".join(entry.data for entry in streams[n]))
        require(digests[4 * n : 4 * n + 4] == crc.to_bytes(4, "little"), "bad_digest")
    for entry in (entry for entry in entries if entry.coding == VIEW):
        target, offset, *strides = entry.view
        elements = np.frombuffer(entries[target].data, NUMPY[entry.dtype])[offset:]
        strides = [elements.itemsize * stride for stride in strides]
        entry.data = np.lib.stride_tricks.as_strided(elements, entry.shape, strides).tobytes()
    model = rebuild(sections[SKELETON][0], entries, max_bytes) if sections[SKELETON] else None
    named = [entry for entry in entries if entry.name]
    tensors = {e.name: np.frombuffer(e.data, NUMPY[e.dtype]).reshape(e.shape) for e in named}
    return Decoded(tensors, {e.name: e.dtype for e in named}, [e.data for e in entries], metadata, model)


def decode_stream(stream: bytes, entries: list[Entry]) -> None:
    """Decode the entries of a stream."""
    if entries[0].coding == RAW:
        return decode_raw(stream, entries)
    counts = [math.prod(entry.level_shape) for entry in entries]
    levels = decode_levels(stream, entries[0].level_shape if len(entries) == 1 else (sum(counts),))
    for entry, part in zip(entries, np.split(levels, np.cumsum(counts)[:-1]), strict=True):
        entry.data = reconstruct(part, entry)


if __name__ == "__main__":
    decoded = decode(Path(sys.argv[1]).read_bytes())
    for name, array in decoded.tensors.items():
        print(f"{name}  {decoded.dtypes[name]}  {array.shape}  {hashlib.sha256(array.tobytes()).hexdigest()}")
