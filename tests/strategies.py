"""Everything that property tests draw: levels, models of streams, layers, dictionaries of tensors, options.

In one file, though long, so that all tests draw from the same strategies.
"""

from __future__ import annotations

from math import prod

import numpy as np
from hypothesis import strategies as st

from frcodec.constants import MAX_BLOCK_LOG2, MAX_CONTEXTS, MAX_LEVEL, MAX_ROW_LENGTH, MAX_TRELLIS, MIN_TRELLIS
from frcodec.container.records import Index, LevelsRecord, LosslessRecord, Stream, ViewRecord
from frcodec.encoder.options import Options
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import MAX_CODE
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, View

# Levels

MAGNITUDES = (
    st.just(0)
    | st.integers(0, 3)
    | st.integers(0, 200)
    | st.integers(0, 1 << 17)
    | st.integers(0, 30).map(lambda bit: 1 << bit)
    | st.just(MAX_LEVEL)
    | st.integers(0, MAX_LEVEL)
)
LEVEL = st.builds(lambda size, negative: -size if negative else size, MAGNITUDES, st.booleans())
SEEDS = st.integers(0, 2**32 - 1)


def _random_levels(seed: int, size: int, kind: str) -> np.ndarray:
    """Levels as real tensors have them: of one width, of a width by row, mostly zero, or of all widths at once."""
    rng = np.random.default_rng(seed)
    if kind == "laplace":
        values = rng.laplace(scale=2.0 ** rng.uniform(-3, 12), size=size)
    elif kind == "drifting":
        values = rng.normal(size=size) * 2.0 ** np.cumsum(rng.normal(scale=0.2, size=size)).clip(-4, 14)
    elif kind == "sparse":
        values = np.where(rng.random(size) < 0.01, rng.normal(size=size) * 50, 0)
    else:
        values = rng.choice([-1, 1], size) * 2.0 ** rng.uniform(-2, 30, size=size)
    return np.rint(values).astype(np.int64).clip(-MAX_LEVEL, MAX_LEVEL).astype(np.int32)


def levels(size: int) -> st.SearchStrategy[np.ndarray]:
    """Levels [size]: small ones element by element, so that they shrink, and long ones by seed."""
    kinds = st.sampled_from(["laplace", "drifting", "sparse", "wild"])
    by_seed = st.builds(_random_levels, SEEDS, st.just(size), kinds)
    if size > 64:
        return by_seed
    return st.lists(LEVEL, min_size=size, max_size=size).map(lambda x: np.array(x, np.int32)) | by_seed


def shapes(
    max_rank: int = 4, max_size: int = 2000, min_side: int = 0, min_rank: int = 0
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of at most `max_size` elements, long and thin ones among them."""
    side = st.integers(min_side, 9) | st.integers(min_side, max(min_side, max_size))
    shape = st.lists(side, min_size=min_rank, max_size=max_rank).map(tuple)
    return shape.filter(lambda s: prod(s) <= max_size and max(s, default=0) <= max_size)


# Streams


def tables(subsets: int = 1) -> st.SearchStrategy[Table]:
    """Any table; with a gap where a trellis has two subsets."""
    gap = st.integers(0, 63) if subsets == 2 else st.just(0)
    return st.builds(Table, st.integers(0, 63), st.integers(0, 63), st.integers(0, 3), gap)


def axis_classes(length: int) -> st.SearchStrategy[np.ndarray | None]:
    """Classes of one axis: none, quarter octaves, or half octaves, which are even."""

    def drawn(seed: int, spread: int, fineness: int) -> np.ndarray | None:
        values = np.random.default_rng(seed).integers(-spread, spread, length).astype(np.int64)
        return values * fineness if fineness else None

    return st.builds(drawn, SEEDS, st.integers(1, 4) | st.integers(1, 128), st.integers(0, 2))


@st.composite
def context_models(draw: st.DrawFn, shape: tuple[int, ...]) -> ContextModel:
    """Any context model for levels of this shape."""
    row = draw(st.integers(1, 40) | st.integers(1, MAX_ROW_LENGTH))
    contexts = draw(st.integers(1, 6) | st.integers(1, MAX_CONTEXTS))
    wp, wn = draw(st.integers(0, 15)), draw(st.integers(0, 15))
    base = draw(st.integers(-20, 40) | st.integers(-(1 << 16), 1 << 16))
    return ContextModel(
        row, contexts, wp, wn, base, tuple(draw(axis_classes(length)) for length in shape) if wp else ()
    )


@st.composite
def stream_models(
    draw: st.DrawFn, shape: tuple[int, ...], max_lanes_log2: int = 12, row_steps: bool = True
) -> StreamModel:
    """Any model for a stream of levels of this shape: with and without a trellis and, if asked for, row steps."""
    context = draw(context_models(shape))
    state_bits = draw(st.just(0) | st.integers(MIN_TRELLIS, MAX_TRELLIS))
    some = draw(st.lists(tables(2 if state_bits else 1), min_size=1, max_size=4))
    every = tuple(some[i % len(some)] for i in range(context.contexts))
    rows = None
    if row_steps and shape and draw(st.booleans()):
        spread = draw(st.integers(1, 4) | st.integers(1, 128))
        rows = np.random.default_rng(draw(SEEDS)).integers(-spread, spread, shape[0]).astype(np.int64)
    return StreamModel(draw(st.integers(0, max_lanes_log2)), state_bits, context, every, rows)


def levels_under(model: StreamModel, size: int) -> st.SearchStrategy[np.ndarray]:
    """Levels [size] whose points are not too large."""
    return levels(size).map(lambda flat: flat // 2) if model.state_bits else levels(size)


# Layers

LOSSY = st.sampled_from(["float32", "float16", "bfloat16", "float64"])
STEPS = st.integers(76 << 8, 90 << 8) | st.integers(0, MAX_CODE)
BLOCKS = st.just(0) | st.integers(1, MAX_BLOCK_LOG2)


@st.composite
def regions(draw: st.DrawFn, shape: tuple[int, ...]) -> Box | Scan:
    """A kept region of a tensor, the whole of it among them."""
    kind = draw(st.sampled_from(["whole", "box", "scan"]))
    if kind == "whole":
        return Box(shape)
    if kind == "box":
        return Box(tuple(draw(st.integers(0, n)) for n in shape))
    return Scan(draw(st.integers(0, prod(shape))))


@st.composite
def transforms(draw: st.DrawFn, shape: tuple[int, ...], min_axes: int = 0) -> Transform:
    """Any transform of a tensor, of whole axes or in blocks."""
    usable = [axis for axis, n in enumerate(shape) if n]
    axes = draw(st.sets(st.sampled_from(usable), min_size=min_axes)) if usable else set()
    return Transform(tuple(sorted(axes)), draw(BLOCKS) if axes else 0)


@st.composite
def layers(draw: st.DrawFn, max_size: int = 600) -> Layer:
    """Any record of a tensor coded as levels."""
    shape = draw(shapes(max_rank=4, max_size=max_size))
    name = draw(LOSSY | st.sampled_from(["int8", "uint8"]))
    region = draw(regions(shape))
    if not DTYPES[name].lossy:
        return Layer(DTYPES[name], shape, Transform(), region, draw(st.integers(0, 255)))
    return Layer(DTYPES[name], shape, draw(transforms(shape)), region, draw(STEPS))


def takes_row_steps(made: Layer) -> bool:
    """Whether a stream of its own may have row steps."""
    return made.dtype.lossy and bool(made.shape) and 0 not in made.transform.axes and isinstance(made.region, Box)


# Tensors as users have them

_SPECIAL = (0.0, -0.0, 1.0, float("nan"), float("inf"), -float("inf"), 1e-40, 5e-324, 1e-30, 65504.0, 3e38, 1e300)
NUMPY_DTYPES = [
    "float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    "bool", "complex64", "complex128",
]  # fmt: skip


def _weights(seed: int, shape: tuple[int, ...], scale: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape) * scale


def _bytes_of(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    data = rng.bytes(prod(shape) * np.dtype(dtype).itemsize)
    return np.frombuffer(data, dtype).reshape(shape)


@st.composite
def arrays(draw: st.DrawFn, max_size: int = 300) -> np.ndarray:
    """An array of any dtype: weights, any bits at all, special values, zeros, constants; any layout and byte order."""
    shape = draw(shapes(max_rank=4, max_size=max_size))
    dtype = draw(st.sampled_from(NUMPY_DTYPES))
    kind = draw(st.sampled_from(["weights", "bits", "special", "constant"]))
    seed = draw(SEEDS)
    with np.errstate(all="ignore"):
        if kind == "bits":
            array = _bytes_of(seed, shape, dtype)
        elif kind == "weights" or not dtype.startswith("float"):
            array = _weights(seed, shape, draw(st.sampled_from([1e-42, 1e-30, 1e-3, 1.0, 100.0]))).astype(dtype)
        elif kind == "special":
            values = np.array(_SPECIAL).astype(dtype)
            array = np.random.default_rng(seed).choice(values, shape)
        else:
            array = np.full(shape, draw(st.sampled_from(_SPECIAL))).astype(dtype)
    array = np.asarray(array)
    layout = draw(st.sampled_from(["C", "F", "swapped", "strided"]))
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "swapped":
        return array.astype(array.dtype.newbyteorder(">"))
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=0)[::2]
    return array


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
) | st.sampled_from(
    ["conv1.weight", "conv1.bias", "bn.running_var", "bn.running_mean", "bn.num_batches_tracked", "lstm.weight_hh_l0"]
)


def tensor_dicts(max_tensors: int = 4) -> st.SearchStrategy[dict[str, np.ndarray]]:
    """What `save_file` takes."""
    return st.dictionaries(NAMES, arrays(), max_size=max_tensors)


# Options

RULE_TEXTS = st.sampled_from(
    [
        ".*=lossless",
        ".*=snr=35",
        ".*=max-error=0.01",
        ".*=quality=80",
        ".*=transform=none",
        ".*=quality=40,transform=all",
        "^=transform=spatial",
    ]
)


@st.composite
def options(draw: st.DrawFn) -> Options:
    """Options that mean something for any dictionary that is not empty."""
    rules = tuple(draw(st.lists(RULE_TEXTS, max_size=2)))
    keep = tuple(draw(st.sampled_from([(), (), ("",)])))
    kind = draw(st.sampled_from(["default", "lossless", "max_error", "quality"]))
    if kind == "lossless":
        return Options(lossless=True, rules=rules, keep=keep)
    if kind == "max_error":
        return Options(max_error=draw(st.sampled_from([1e-4, 0.01, 1.0])), rules=rules, keep=keep)
    if kind == "quality":
        return Options(quality=draw(st.floats(0, 100)), rules=rules, keep=keep)
    return Options(rules=rules, keep=keep)


# Containers


@st.composite
def indexes(draw: st.DrawFn, max_entries: int = 6) -> Index:
    """Any index that can be written: levels, lossless tensors and views, in streams of their own and shared ones."""
    names = draw(st.lists(NAMES, max_size=max_entries, unique=True))
    kinds = [draw(st.sampled_from(["levels", "lossless"])) for _ in names]
    alone = [draw(st.booleans()) for _ in names]
    together = sorted({kind for kind, one in zip(kinds, alone, strict=True) if not one})
    own = iter(range(sum(alone)))
    records: list[LevelsRecord | LosslessRecord | ViewRecord] = []
    for name, kind, one in zip(names, kinds, alone, strict=True):
        stream = next(own) if one else sum(alone) + together.index(kind)
        if kind == "levels":
            records.append(LevelsRecord(name, draw(layers()), stream))
        else:
            records.append(LosslessRecord(name, DTYPES[draw(st.sampled_from(sorted(DTYPES)))], draw(shapes()), stream))
    count = sum(alone) + len(together)
    streams = tuple(Stream(draw(st.integers(0, 1 << 40)), draw(st.integers(0, 2**32 - 1))) for _ in range(count))
    for number in range(draw(st.integers(0, 2)) if records else 0):
        target = draw(st.integers(0, len(records) - 1))
        while isinstance(records[target], ViewRecord):
            target -= 1
        base = records[target]
        if prod(base.shape):
            offset = draw(st.integers(0, prod(base.shape) - 1))
            view = View(f"view\n{number}", target, offset, (2, prod(base.shape) - offset), (0, 1))
            records.append(ViewRecord(view, base.dtype))
    return Index(tuple(records), streams, sum(alone))
