"""Sound files about the container: names, streams, views, skeletons, metadata, sections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from frc_files import DATA, INDEX, METADATA, SKELETON, Columns, file_of, level_stream, packed, section
from saving import network, saved
from vectors.building import Rebuilt, Viewed, ancillary, build, coded, exact

from frcodec.tensors import View

FLOATS = np.array([[1.5, -2.0, 3.25], [0.0, 5.0, 6.0]], np.float32)


def _empty() -> bytes:
    """No entries."""
    return build([])


def _names() -> bytes:
    """Names of every kind; entries without a name that nothing refers to."""
    names = [
        "a",
        "conv1.weight",
        "é",
        "日本",
        "\U0001f600",
        "with space",
        "line\nbreak\t\x01",
        "x" * 300,
        "a.b/c\\d\"e'f",
    ]
    return build(
        [
            *(exact(name, np.array([i], np.uint8), shared="all") for i, name in enumerate(names)),
            exact("", FLOATS),
            exact("", FLOATS[:1]),
        ]
    )


def _shared() -> bytes:
    """Streams of one entry and of several, mixed; a shared stream of one entry; dtypes mixed in one stream."""
    return build(
        [
            coded("a", "float32", (3,), [1, -2, 3], shared="levels"),
            exact("b", FLOATS, shared="bytes"),
            coded("c", "int8", (2,), [4, -5], step=9),
            coded("d", "float16", (2, 2), [6, 0, -7, 8], shared="levels", step=88 << 8),
            exact("e", np.arange(7, dtype=np.int64)),
            exact("f", np.array([True, False]), shared="bytes"),
            coded("g", "uint8", (2,), [1, 2], shared="levels", step=100),
            coded("h", "float64", (), [9], shared="alone"),
            exact("i", np.zeros((0, 2), np.float64), shared="bytes"),
            coded("j", "bfloat16", (4,), [10, -11, 0, 0], axes=(0,), shared="levels"),
        ]
    )


def _views() -> bytes:
    """Views before and behind their targets: parts, transposed, repeated, empty, scalar, of entries without name."""
    return build(
        [
            Viewed(View("ahead", 1, 0, (3, 2), (1, 3)), "float32"),
            exact("base", FLOATS),
            Viewed(View("row", 1, 3, (3,), (1,)), "float32"),
            Viewed(View("column", 1, 2, (2,), (3,)), "float32"),
            Viewed(View("scalar", 1, 4, (), ()), "float32"),
            Viewed(View("repeated", 1, 1, (2, 2), (0, 0)), "float32"),
            Viewed(View("empty", 1, 0, (0, 5), (7, 9)), "float32"),
            Viewed(View("empty.far", 1, 1 << 53, (3, 0), (1, 1 << 53)), "float32"),
            Viewed(View("overlapping", 1, 0, (4, 3), (1, 1)), "float32"),
            coded("", "float16", (4, 2), np.arange(8)),
            Viewed(View("tied.a", 9, 0, (4, 2), (2, 1)), "float16"),
            Viewed(View("tied.b", 9, 0, (2, 4), (1, 2)), "float16"),
            Viewed(View("reversed order", 9, 7, (1,), (0,)), "float16"),
        ]
    )


def _skeleton() -> bytes:
    """Patches before and behind their holes, next to each other and apart; holes in another order than the entries."""
    parts = [
        coded("w", "float32", (3,), [1, -2, 0]),
        exact("n", np.arange(5, dtype=np.int16)),
        exact("unused", FLOATS),
        exact("", np.arange(3, dtype=np.uint8)),
        exact("none", np.zeros(0, np.int8)),
    ]
    pieces = (
        b"PK\3\4",
        ("crc", 0),
        b"head",
        1,
        b"",
        ("crc", 0),
        ("crc", 1),
        3,
        0,
        b"tail",
        ("crc", 2),
        ("crc", 1),
        ("crc", 0),
    )
    return build(parts, rebuilt=Rebuilt("PyTorch zip", pieces))


def _skeleton_plain() -> bytes:
    """Holes without patches, at the start and at the end of the file."""
    return build([exact("a", FLOATS), exact("b", FLOATS[0])], rebuilt=Rebuilt("safetensors", (0, b"between", 1)))


def _skeleton_without_holes() -> bytes:
    """A model file without any tensor, and one that is empty."""
    return build([], rebuilt=Rebuilt("é", (b"only bytes \0\xff" * 9,)))


def _skeleton_empty() -> bytes:
    return build([exact("a", FLOATS)], rebuilt=Rebuilt("", ()))


def _metadata() -> bytes:
    """Text by text, sorted by code points."""
    texts = {
        "": "empty key",
        "B": "",
        "a": "x" * 500,
        "é": "日本\n",
        "\U0001f600": "beyond the basic plane",
        "\uffff": "sorts before it",
    }
    return build([exact("a", FLOATS)], metadata=texts)


def _sections() -> bytes:
    """Several data sections, an empty one among them, and unknown ancillary ones of any type."""
    before = (
        ancillary(99, b"skipped")
        + ancillary(255, bytes(200))
        + section(DATA, b"")
        + ancillary(0, b"")
        + ancillary(5, b"later")
    )
    return build([coded(f"t{i}", "float32", (2,), [i, -i]) for i in range(5)], before=before, sections=3)


def _sections_in_any_order() -> bytes:
    """Metadata and skeleton before the data; flags of known types as writers should not set them."""
    three = level_stream([1, -2, 0])
    skeleton = packed(["", 3, 0x352441C2, [], [], b"abc"])
    return file_of(
        section(METADATA, packed({"k": "v"}), ancillary=False),
        section(SKELETON, skeleton, ancillary=True),
        section(DATA, three, ancillary=True),
        section(INDEX, Columns().pack(), ancillary=True),
    )


def _network() -> bytes:
    """What the encoder makes of a small network at its default quality."""
    return saved(
        {
            name: tensor[:8, :8] if tensor.ndim > 1 else tensor[:8] if tensor.ndim else tensor
            for name, tensor in network().items()
        },
        metadata={"made by": "frcodec"},
    )


def _network_smooth() -> bytes:
    """What the encoder makes of smooth kernels at a low ratio: a transform, classes and neighbours chosen by cost."""
    return saved({"w": network()["conv1.weight"][:32]}, snr=8.0)


VALID: dict[str, Callable[[], bytes]] = {
    "empty": _empty,
    "names": _names,
    "streams_shared": _shared,
    "views": _views,
    "skeleton": _skeleton,
    "skeleton_plain": _skeleton_plain,
    "skeleton_without_holes": _skeleton_without_holes,
    "skeleton_empty": _skeleton_empty,
    "metadata": _metadata,
    "sections": _sections,
    "sections_in_any_order": _sections_in_any_order,
    "network": _network,
    "network_smooth": _network_smooth,
}
