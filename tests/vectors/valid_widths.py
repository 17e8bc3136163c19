"""Sound files about channel axes and other widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from frc_files import WIDTHS, packed, section
from vectors.building import Part, Rebuilt, Viewed, build, coded, exact, levels_by_number, noise, power

from frcodec.constants import MAX_WIDTHS
from frcodec.entropy.contexts import ContextModel
from frcodec.entropy.stream import StreamModel
from frcodec.entropy.tables import Table
from frcodec.stages.region import Box, Region, Scan
from frcodec.tensors import View
from frcodec.widths import Channel, declare, validate

OUT0, IN0, OUT1, IN1 = Channel(0), Channel(0, input=True), Channel(1), Channel(1, input=True)


def _tried(
    data: bytes,
    axes: Mapping[str, Mapping[int, Channel]],
    widths: Sequence[tuple[int, ...]],
    label: str = "",
) -> bytes:
    """The file with its channel axes declared and these widths validated."""
    file = declare(data, axes)
    return validate(file, widths, lambda at: str(len(at)), lambda at: len(at) << 20, label=label)


def _fr(name: str, shape: tuple[int, ...], region: Region, seed: int, dtype: str = "float32", **how: str) -> Part:
    """All axes transformed."""
    levels = levels_by_number(region.count, seed, 200)
    axes = tuple(range(len(shape)))
    return coded(name, dtype, shape, levels, axes=axes, region=region, step=power(-6, seed), **how)


def _network() -> bytes:
    """Two groups; inputs of two layers one behind the other; a matrix over channels and pixels; shared streams."""
    parts = [
        _fr("conv1", (8, 3, 3, 3), Scan(33), 1),
        _fr("conv2", (12, 8, 3, 3), Scan(40), 2, shared="all"),
        _fr("conv3", (8, 20, 3, 3), Box((3, 5, 2, 3)), 3),
        _fr("both", (4, 24, 1), Box((4, 24, 1)), 4, shared="all"),
        exact("steps", np.array(7)),
        _fr("", (5, 12, 2, 2), Scan(60), 5, shared="all"),
        Viewed(View("fc.weight", 5, 0, (5, 48), (48, 1)), "float32"),
        coded("fc.bias", "float32", (5,), [1, -2, 3, 0, 5], step=power(-5)),
        Viewed(View("fc.bias.twice", 7, 0, (2, 5), (0, 1)), "float32"),
    ]
    axes = {
        "conv1": {0: OUT0},
        "conv2": {0: OUT1, 1: IN0},
        "conv3": {0: OUT0},
        "both": {1: IN1},
        "fc.weight": {1: IN1},
    }
    widths = [(8, 12), (4, 6), (2, 3), (1, 1), (8, 5), (5, 12), (16, 31)]
    return _tried(build(parts), axes, widths, "top-1 %, é")


def _dtypes() -> bytes:
    """Every float dtype; axes that are not transformed beside channel axes; row steps; no energy."""
    rows = StreamModel(0, 0, ContextModel(1, 1), (Table(16, 10, 1, 0),), np.array([0, 3, -5], np.int64))
    parts = [
        *(_fr(dtype, (6, 6), Scan(15), n, dtype) for n, dtype in enumerate(("float32", "float16", "bfloat16"))),
        _fr("float64", (6, 6), Box((4, 5)), 9, "float64"),
        coded(
            "rows",
            "float64",
            (4, 6, 2),
            levels_by_number(15, 3, 99),
            axes=(1,),
            region=Box((3, 5, 1)),
            step=power(-3, 7),
            model=rows,
        ),
        coded("zero", "float32", (6, 2), [0, 0], axes=(0, 1), region=Box((2, 1))),
        coded("highest", "float32", (6,), [0, 0, 0, 0, 0, 9], axes=(0,)),
        coded("nothing", "float32", (6,), [], axes=(0,), region=Box((0,))),
    ]
    axes = {name: {0: OUT0, 1: IN0} for name in ("float32", "float16", "bfloat16", "float64")}
    one = {"rows": {1: OUT0}, "zero": {0: IN0}, "highest": {0: OUT0}, "nothing": {0: OUT0}}
    return _tried(build(parts), axes | one, [(3,), (5,), (1,), (7,), (100,)])


def _views() -> bytes:
    """Views that merge axes, of length 1 among them, and others of entries without channel axes."""
    shapes = {"same": (4, 1, 3), "all": (12,), "left": (4, 3), "split": (4, 1, 3, 1, 1)}
    strides = {"same": (3, 3, 1), "all": (1,), "left": (3, 1), "split": (3, 3, 1, 1, 1)}
    parts = [
        _fr("", (4, 1, 3), Scan(9), 1),
        *(Viewed(View(name, 0, 0, shapes[name], strides[name]), "float32") for name in shapes),
        _fr("single", (1, 1, 2), Box((1, 1, 2)), 2),
        Viewed(View("single.pair", 6 - 1, 0, (1, 2), (2, 1)), "float32"),
        _fr("other", (4, 3), Scan(5), 3),
        Viewed(View("other.turned", 7, 0, (3, 4), (1, 3)), "float32"),
    ]
    axes = {"all": {0: OUT0, 1: OUT1}, "single": {1: IN1}}
    return _tried(build(parts), axes, [(2, 1), (4, 3), (3, 2)])


def _limits() -> bytes:
    """The longest axes, four channel axes, as many groups as there may be, each with an axis."""
    many = tuple(f"many{n}" for n in range(30))
    parts = [
        _fr("long", (4096, 2), Box((3, 2)), 1),
        _fr("four", (2, 3, 2, 3), Scan(30), 2),
        *(_fr(name, (2, 2, 2, 2), Scan(2), 3, shared="many") for name in many),
        _fr("last", (64, 1), Box((7, 1)), 4),
    ]
    axes = {
        "long": {0: OUT0},
        "four": {0: Channel(1), 1: Channel(2, input=True), 2: Channel(3, input=True), 3: Channel(4)},
        **{name: {axis: Channel(5 + 4 * n + axis) for axis in range(4)} for n, name in enumerate(many)},
        "last": {0: Channel(126), 1: Channel(125, input=True)},
    }
    widths = [(1, 2, 3, 2, 3, *[1] * 121, 4096), (4095, 5, 1, 4, 2, *[3] * 121, 1)]
    return _tried(build(parts), axes, widths)


def _model_file() -> bytes:
    """With a skeleton, which is that of full width, metadata, and several data sections."""
    parts = [_fr("w", (4, 2), Scan(5), 1), exact("n", np.arange(5, dtype=np.int16))]
    data = build(parts, rebuilt=Rebuilt("PyTorch zip", (b"PK", 0, b"and", 1)), metadata={"k": "v"}, sections=2)
    return _tried(data, {"w": {0: OUT0}}, [(2,)])


def _common_divisor() -> bytes:
    """Groups whose length is that of none of their axes."""
    shapes = {"a": (4, 10), "b": (6, 15), "c": (10,)}
    parts = [_fr(name, shape, Scan(7), n) for n, (name, shape) in enumerate(shapes.items())]
    axes = {"a": {0: OUT0, 1: IN1}, "b": {0: OUT0, 1: IN1}, "c": {0: IN0}}
    return _tried(build(parts), axes, [(1, 5), (3, 2), (5, 7)])


def _wider_scan() -> bytes:
    """Axes that get longer: the box of the scan prefix, and with it the order of the axes, is that of full width."""
    parts = [
        coded(name, "float64", shape, noise(12, len(name), 60_000), axes=(0, 1), region=Scan(12), step=power(-20))
        for name, shape in (("w", (3, 8)), ("v", (8, 3)))
    ]
    return _tried(build(parts), {"w": {0: OUT0, 1: IN1}, "v": {1: OUT0, 0: IN1}}, [(6, 8), (5, 3), (2, 16)])


def _full_width_listed() -> bytes:
    """At full width digests count, not the checksum of that width, which is wrong."""
    section_of = section(WIDTHS, packed([b"\1\xff", "", [4], "1\0", [0], bytes(4)]))
    return build([_fr("w", (4, 2), Scan(5), 1)], before=section_of)


def _most() -> bytes:
    """As many validated widths as there may be."""
    return _tried(build([_fr("w", (4,), Box((3,)), 1)]), {"w": {0: OUT0}}, [(n,) for n in range(1, MAX_WIDTHS + 1)])


def _not_validated() -> bytes:
    """Channel axes alone."""
    return declare(build([_fr("w", (4, 2), Scan(5), 1)]), {"w": {0: OUT0}})


VALID: dict[str, Callable[[], bytes]] = {
    "widths_network": _network,
    "widths_dtypes": _dtypes,
    "widths_views": _views,
    "widths_limits": _limits,
    "widths_model_file": _model_file,
    "widths_common_divisor": _common_divisor,
    "widths_wider_scan": _wider_scan,
    "widths_full_width_listed": _full_width_listed,
    "widths_most": _most,
    "widths_not_validated": _not_validated,
}
