"""Sound files about tensors: dtypes, steps, shapes, kept regions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from vectors.building import ONE, build, coded, exact, levels_by_number, power

from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import MAX_CODE
from frcodec.tensors import DTYPES


def _floats() -> bytes:
    """The four lossy dtypes, each with steps that need rounding, and zeros of both signs."""
    parts = []
    for dtype in ("float32", "float16", "bfloat16", "float64"):
        parts.append(coded(f"{dtype}.fine", dtype, (4, 5), levels_by_number(20, 1, 900), step=power(-9, 77)))
        parts.append(coded(f"{dtype}.coarse", dtype, (7,), [0, 1, -1, 3, -90, 1000, -3001], step=power(1, 255)))
    return build(parts)


def _ties() -> bytes:
    """Halfway between two float16 and two bfloat16, to even; float32 ties need levels beyond 2^24."""
    halves = [2049, 2051, 2053, -2049, -2051, 4098, 4102, 4105, 4095, 4097]
    brains = [257, 259, 261, -257, -259, 514, 518, 1028, 1036, 255]
    singles = [
        (1 << 24) + 1,
        (1 << 24) + 3,
        -(1 << 24) - 1,
        (1 << 25) + 2,
        (1 << 25) + 6,
        (1 << 29) + 16,
        (1 << 29) + 48,
        1 << 30,
        -(1 << 30),
    ]
    return build(
        [
            coded("half", "float16", (10,), halves),
            coded("brain", "bfloat16", (10,), brains),
            coded("single", "float32", (9,), singles),
            coded(
                "twice.half",
                "float16",
                (4,),
                [(1 << 26) + (1 << 15) + 1, (1 << 26) + (1 << 15) - 1, (3 << 25) + 3, (1 << 26) + 3],
                step=power(-15),
            ),
        ]
    )


def _small_numbers() -> bytes:
    """Subnormal float16, underflow to zeros of both signs, and the smallest and largest steps there are."""
    return build(
        [
            coded("half.subnormal", "float16", (8,), [1, 2, 3, -1, -3, 511, 1023, 1025], step=power(-24)),
            coded("half.below", "float16", (6,), [1, -1, 2, 3, -3, 5], step=power(-26)),
            coded("half.nothing", "float16", (3,), [1, -1, 0], step=0),
            coded("single.smallest", "float32", (3,), [1, -1, 3], step=0),
            coded("brain.smallest", "bfloat16", (3,), [1, -1, 257], step=0),
            coded("double.smallest", "float64", (3,), [1, -1, 1 << 30], step=0),
            coded("double.largest", "float64", (3,), [1, -1, 1 << 30], step=MAX_CODE),
            coded("single.largest", "float32", (2,), [1, -1], step=power(127)),
            coded("half.largest", "float16", (2,), [65504, -65504]),
        ]
    )


def _integers() -> bytes:
    """int8 and uint8 around any center, wrapping around; with a box and a scan whose outside is the center."""
    whole = np.arange(-128, 128)
    return build(
        [
            coded("int8", "int8", (16, 16), whole, step=0),
            coded("int8.shifted", "int8", (4,), [127, 1, -1, -128], step=0xF0),
            coded("uint8", "uint8", (4,), [127, 1, -1, -128], step=200),
            coded("uint8.box", "uint8", (3, 3), [5, -6], region=Box((1, 2)), step=128),
            coded("int8.scan", "int8", (3, 3), [5, -6, 7, 8], region=Scan(4), step=129),
            coded("int8.none", "int8", (2, 2), [], region=Box((0, 0)), step=7),
        ]
    )


def _raw_dtypes() -> bytes:
    """Every dtype there is, stored exactly."""
    parts = []
    for dtype in DTYPES.values():
        count = 3 if dtype.name == "bool" else 5
        data = (
            bytes(i % 2 for i in range(3))
            if dtype.name == "bool"
            else bytes((37 * i + dtype.id) % 256 for i in range(count * dtype.itemsize))
        )
        parts.append(exact(dtype.name, np.frombuffer(data, dtype.storage), dtype.name))
    return build(parts)


def _special_values() -> bytes:
    """NaN payloads, infinities, subnormals and both zeros, exactly."""
    return build(
        [
            exact("float32", np.array([0x7FC00001, 0x7F800001, 0xFF800000, 1, 0x80000000], np.uint32).view(np.float32)),
            exact("float64", np.array([0x7FF0000000000001, 0xFFF8000000000000, 1], np.uint64).view(np.float64)),
            exact("bfloat16", np.array([0x7F81, 0x8000, 1], np.uint16), "bfloat16"),
        ]
    )


def _shapes() -> bytes:
    """Scalars, zero-size tensors and 32 dimensions, of levels and raw."""
    return build(
        [
            coded("scalar", "float32", (), [-3], step=power(-1)),
            exact("scalar.raw", np.array(-5, np.int64)),
            coded("scalar.scan", "float16", (), [9], region=Scan(1)),
            coded("scalar.none", "float16", (), [], region=Scan(0)),
            coded("empty", "float32", (0,), []),
            coded("empty.3d", "bfloat16", (3, 0, 2), []),
            exact("empty.raw", np.zeros((2, 0), np.float32)),
            coded("empty.transformed", "float32", (0, 4), [], axes=(1,)),
            coded("empty.scan", "float32", (4, 0), [], region=Scan(0)),
            coded("deep", "float32", (1,) * 31 + (3,), [1, -1, 2]),
            exact("deep.raw", np.arange(4, dtype=np.uint16).reshape((2, 2) + (1,) * 30)),
            coded("one", "float64", (1, 1, 1), [77]),
        ]
    )


def _scans() -> bytes:
    """Scan prefixes of every length of some shapes, without transform."""
    parts = []
    for shape in ((3, 4), (2, 3, 2), (5,), (1, 4, 1)):
        size = int(np.prod(shape))
        for count in range(size + 1):
            name = f"{'x'.join(map(str, shape))}:{count}"
            parts.append(coded(name, "float32", shape, np.arange(1, count + 1), region=Scan(count), shared="all"))
    return build(parts)


def _boxes() -> bytes:
    """Kept boxes without transform, empty ones among them."""
    parts = []
    for number, kept in enumerate([(0, 0), (1, 1), (2, 4), (3, 3), (0, 4), (3, 0), (1, 4)]):
        size = kept[0] * kept[1]
        parts.append(coded(f"box{number}", "float32", (3, 4), np.arange(size) - 4, region=Box(kept), step=ONE + 3))
    return build(parts)


VALID: dict[str, Callable[[], bytes]] = {
    "levels_floats": _floats,
    "levels_ties": _ties,
    "levels_small_numbers": _small_numbers,
    "levels_integers": _integers,
    "raw_dtypes": _raw_dtypes,
    "raw_special_values": _special_values,
    "shapes": _shapes,
    "scan": _scans,
    "box": _boxes,
}
