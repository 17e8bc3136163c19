"""The part of the reference decoder that turns a level stream into tensors: sections 1 and 8 to 11 of frc-1.md."""

import math
import tomllib
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from reference_decoder import Entry

# 1. Conventions -------------------------------------------------------------------------------------------------------
Array = np.ndarray[Any, np.dtype[Any]]
TOML = tomllib.loads(Path(__file__).with_name("constants.toml").read_text(encoding="utf-8"))
LIMIT = SimpleNamespace(**TOML["limits"], **TOML["transform"], **TOML["entropy"])
WHOLE, BOX, SCAN = 0, 1, 2  # regions
MAX_CODE = 55807  # largest step code
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


# 8. Level streams -----------------------------------------------------------------------------------------------------
def decode_levels(stream: bytes, entries: list["Entry"]) -> None:
    """Decode the entries of a level stream."""
    first, counts = entries[0], [math.prod(entry.level_shape) for entry in entries]
    one = len(entries) == 1
    header = Header(stream, first.level_shape if one else (sum(counts),))
    if header.row_steps is not None:
        require(
            one and first.is_float and first.rank > 0 and 0 not in first.axes and first.region != SCAN, "bad_stream"
        )
    points, end, most = np.zeros(sum(counts), np.int64), header.bytes, LIMIT.segment_levels
    for start in range(0, len(points), most):
        at, end = end, end + 4 * header.L + 2 * header.words.pop(0) if header.words else len(stream)
        wP = header.wP[start : start + most].tolist()
        points[start : start + most] = decode_segment(Lanes(stream[at:end], header.L), header, wP)
    require(end == len(stream), "bad_stream")
    for entry, part in zip(entries, np.split(points, np.cumsum(counts)[:-1]), strict=True):
        entry.data = reconstruct(part, entry, header.row_steps)


class Bits:
    """The header bits (8.1)."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def field(self, width: int) -> int:
        """Take a field."""
        require(self.at + width <= 8 * len(self.data), "bad_stream")
        start, self.at = self.at, self.at + width
        return sum((self.data[n >> 3] >> (n & 7) & 1) << (n - start) for n in range(start, self.at))

    def unary(self, largest: int) -> int:
        """Take a unary in 0..largest."""
        ones = 0
        while self.field(1):
            ones += 1
        require(ones <= largest, "bad_stream")
        return ones

    def gamma(self, largest: int) -> int:
        """Take a gamma in 0..largest."""
        width = self.unary(32)
        value = self.field(width) + (1 << width) - 1
        require(value <= largest, "bad_stream")
        return value

    def signed_unaries(self, count: int, largest: int = 255) -> list[int]:
        """Take so many signed unaries, each of at most `largest` ones; 255 make -128..127."""
        return [signed(self.unary(largest)) for _ in range(count)]


def signed(u: int) -> int:
    """Map 0, 1, 2, 3, 4 … to 0, -1, 1, -2, 2 …."""
    return -(u + 1) // 2 if u % 2 else u // 2


class Header:
    """The fields of the header (8.1)."""

    def __init__(self, stream: bytes, level_shape: tuple[int, ...]) -> None:
        bits, n = Bits(stream), math.prod(level_shape)
        self.L = 2 ** bits.gamma(LIMIT.max_lanes_log2)
        self.trellis = Trellis(bits.gamma(LIMIT.max_trellis))
        self.r = bits.gamma(LIMIT.max_row_length - 1) + 1
        contexts = bits.gamma(LIMIT.max_contexts - 1) + 1
        wp, self.wn, self.base = bits.field(4), bits.field(4), signed(bits.gamma(2 * 65536))
        self.row_steps = bits.signed_unaries(math.prod(level_shape[:1])) if bits.unary(1) else None
        self.wP = wp * read_classes(bits, level_shape) if wp > 0 else np.zeros(n, np.int64)
        rows = [np.array([bits.field(6), bits.field(6) if self.trellis.states else 0, bits.field(6), bits.field(2)])]
        for _ in range(contexts - 1):
            zero, *gap, scale, exponent = bits.signed_unaries(4 if self.trellis.states else 3, 126)
            rows.append((rows[-1] + [zero, *(gap or [0]), scale, exponent]) % (64, 64, 64, 4))
        self.tables = [[Table(u, *row.tolist()) for u in self.trellis.subsets] for row in rows]  # by context and subset
        self.words = [bits.gamma(2**33) for _ in range(LIMIT.segment_levels, n, LIMIT.segment_levels)]
        require(bits.field(-bits.at % 8) == 0, "reserved_bits")
        self.bytes = bits.at // 8


def read_classes(bits: Bits, level_shape: tuple[int, ...]) -> Array:
    """Return P (8.3) of every level."""
    P = np.zeros(level_shape, np.int64)
    for axis, length in enumerate(level_shape):
        kind = bits.unary(2)
        if kind > 0:
            classes = np.array(bits.signed_unaries(length), np.int64) * (2 if kind == 1 else 1)
            P += classes.reshape(-1, *[1] * (len(level_shape) - 1 - axis))
    return P.clip(-LIMIT.max_class_sum, LIMIT.max_class_sum).ravel()


class Lanes:
    """The entropy-decoder states and words of a segment (8.2)."""

    def __init__(self, data: bytes, L: int) -> None:
        require(len(data) >= 4 * L and len(data) % 2 == 0, "bad_stream")
        self.states: list[int] = np.frombuffer(data[: 4 * L], "<u4").tolist()
        self.words = np.frombuffer(data[4 * L :], "<u2").tolist()[::-1]  # the next one last
        require(min(self.states) >= 2**16, "bad_stream")

    def update(self, lane: int, x: int) -> None:
        """End an operation on a lane: its new state is x, or takes a word."""
        if x < 2**16:
            require(self.words, "bad_stream")
            x = 2**16 * x + self.words.pop()
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


def decode_segment(lanes: Lanes, header: Header, wP: list[int]) -> list[int]:
    """Return the points of a segment (8.2) from wp · P of each of them."""
    m, c, q = len(wP), -(-len(wP) // header.L), [0] * header.L
    points, v = [0] * m, [0] * m
    for t in range(c):
        tables = []
        places = range(t, m, c)  # of level t of lanes 0, 1, …
        for lane, i in enumerate(places):
            tables.append(header.tables[context(header, wP[i], v, i, t)][q[lane] % 2])
        for lane, level in enumerate(decode_iteration(lanes, tables)):
            points[places[lane]], q[lane] = header.trellis.advance(q[lane], level)
            v[places[lane]] = min(abs(points[places[lane]]), LIMIT.max_neighbor_sum)
    require(max(map(abs, points)) <= LIMIT.max_level, "bad_stream")
    require(set(lanes.states) == {2**16} and not lanes.words, "bad_stream")
    return points


def decode_iteration(lanes: Lanes, tables: list["Table"]) -> list[int]:
    """Return one level of each of the first lanes, with these tables (8.2); operations with 0 bits do nothing."""
    highs = [lanes.symbol(lane, table.slots) for lane, table in enumerate(tables)]
    lows = [lanes.bits(lane, table.shift) for lane, table in enumerate(tables)]
    heads = [(lane, lanes.bits(lane, 6)) for lane, high in enumerate(highs) if high == ESCAPE]
    e = [lanes.bits(lane, min(h >> 1, 16)) for lane, h in heads]
    e_high = [lanes.bits(lane, max(h >> 1, 16) - 16) for lane, h in heads]
    for n, (lane, h) in enumerate(heads):
        magnitude = tables[lane].R + 2 ** (h >> 1) + e[n] + 2**16 * e_high[n]
        highs[lane] = -magnitude if h % 2 else magnitude
    powers = [2**table.shift for table in tables]
    return [high * power + low - power // 2 for high, power, low in zip(highs, powers, lows, strict=True)]


N: list[int] = [(T**4).bit_length() for T in range(LIMIT.max_neighbor_sum + 1)]


def context(header: Header, wP: int, v: list[int], i: int, t: int) -> int:
    """Return the context of level i of a segment, which is level t of its lane, from the magnitudes v (8.3)."""
    T: int = min(sum(v[i - b] for b in (1, 2, header.r, 2 * header.r) if b <= t), LIMIT.max_neighbor_sum)
    return min(max(((wP + header.wn * N[T]) >> 3) - header.base, 0), len(header.tables) - 1)


class Trellis:
    """The state machine that maps levels to points (8.4)."""

    def __init__(self, state_bits: int) -> None:
        require(state_bits == 0 or state_bits >= LIMIT.min_trellis, "bad_stream")
        self.states = 2**state_bits if state_bits > 0 else 0  # 0: there is no trellis
        self.subsets = (0, 1) if state_bits > 0 else (0,)
        if state_bits > 0:
            self.h0, self.h1 = LIMIT.trellis_h0[state_bits - 2], LIMIT.trellis_h1[state_bits - 2]

    def advance(self, q: int, level: int) -> tuple[int, int]:
        """Return the point of a level in state q, and the next state."""
        if not self.states:
            return level, 0
        u, sign = q % 2, (level > 0) - (level < 0)
        return 2 * level - u * sign, q >> 1 ^ u * (self.h0 >> 1) ^ level % 2 * (self.h1 >> 1)


class Table:
    """The symbols of the 4096 slots of a context in a subset (8.5)."""

    def __init__(self, u: int, zero: int, gap: int, scale: int, exponent: int) -> None:
        EXP2 = LIMIT.exp2
        self.shift = max(0, (scale - 20 + 3) >> 2)
        s = scale - 4 * self.shift
        z = (zero + u * gap) % 64
        o = EXP2[16 * abs(z - 24) % 64] >> (16 * abs(z - 24) >> 6)
        m = (4096 * o + (o + 65536) // 2) // (o + 65536)
        f0 = m if z < 24 else 4096 - m
        a = 8 * (exponent + 1) * (s - 4) + 256
        c = (EXP2[a % 64] * 2**14) >> (a >> 6)
        E = [(math.isqrt((2 * j - u) ** (exponent + 1) * 2**16) * c) >> 28 for j in range(1, LIMIT.tail_terms + 1)]
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
def place(points: Array, entry: "Entry") -> Array:
    """Return the points in a box, which for a scan prefix is the one of section 10, with zeros behind the prefix."""
    if entry.region != SCAN:
        return points.reshape(entry.level_shape)
    sums = sum(np.indices(entry.shape, sparse=True), np.zeros(entry.shape, np.int64))
    kept = np.argsort(sums, axis=None, kind="stable")[: len(points)]
    X = np.zeros(entry.shape, np.int64)
    X.put(kept, points)
    return X[(slice(int(sums.take(kept).max(initial=0)) + 1),) * entry.rank]


# 10. Inverse transform ------------------------------------------------------------------------------------------------
def transform(X: Array, entry: "Entry") -> tuple[Array, int]:
    """Return y and F from the box of points."""
    Q = sum(point * point for point in X.ravel().tolist())
    F = max((F for F in range(LIMIT.max_fraction_bits + 1) if 2**LIMIT.energy_bits >= Q << 2 * F), default=0)
    require(LIMIT.min_fraction_bits <= F, "bad_record")
    X = X[tuple(map(slice, entry.width))] * 2**F
    for axis in sorted(entry.axes, key=lambda a: (Fraction(entry.width[a], max(1, X.shape[a])), a)):
        length, x = entry.width[axis], np.moveaxis(X, axis, 0)
        run = 2**entry.block_log2 if entry.block_log2 > 0 else length
        y = [inverse(x[p : p + run], min(run, length - p)) for p in range(0, length, run)]
        X = np.moveaxis(np.concatenate(y), 0, axis)
    return X, F


def inverse(x: Array, N: int) -> Array:
    """Return the N positions of all lines along axis 0."""
    sums = np.tensordot(basis(N, len(x)), x.astype(np.float64), 1)
    return (sums.astype(np.int64) + 2**21) >> 22


def basis(N: int, K: int) -> Array:
    """Return the first K columns of B, in doubles."""
    k = np.arange(K)
    m = k * (2 * np.arange(N)[:, None] + 1) % (4 * N)  # the angle in units of pi / 2N
    m = np.minimum(m, 4 * N - m)  # now at most pi, and below at most pi / 2
    cosine = np.where(m > N, -1, 1) * np.cos(np.pi * np.minimum(m, 2 * N - m) / (2 * N))
    return np.asarray(np.floor(2**22 * np.sqrt(np.where(k > 0, 2, 1) / N) * cosine + 0.5))


# 11. Reconstruction ---------------------------------------------------------------------------------------------------
def reconstruct(points: Array, entry: "Entry", row_steps: list[int] | None) -> bytes:
    """Return the decoded bytes of an entry."""
    box, F = transform(place(points, entry), entry) if entry.axes else (place(points, entry), 0)
    value: Array = np.zeros(entry.width, np.float64 if entry.is_float else np.int64)
    inside, code = tuple(map(slice, box.shape)), np.array(entry.step)
    if not entry.is_float:
        value[inside] = box
        value += code
        return value.astype(np.uint8).tobytes()
    if row_steps is not None:
        code = code + 64 * np.array(row_steps, np.int64).reshape(-1, *[1] * (entry.rank - 1))
    require(np.all((code >= 0) & (code <= MAX_CODE)), "bad_stream")
    value[inside] = box * ((256 + code % 256) / 256 * 2.0 ** ((code >> 8) - 90 - F) * math.sqrt(entry.p / entry.q))
    with np.errstate(over="ignore"):
        single = value.astype("<f4")
        value = {"float64": value.astype("<f8"), "float16": single.astype("<f2")}.get(entry.dtype, single)
    require(np.all(np.isfinite(value)), "bad_value")
    if entry.dtype == "bfloat16":
        b = single.view("<u4").astype(np.int64)
        value = ((b + 32767 + (b >> 16) % 2) >> 16).astype("<u2")
        require(np.all(value & 0x7F80 != 0x7F80), "bad_value")
    return value.tobytes()
