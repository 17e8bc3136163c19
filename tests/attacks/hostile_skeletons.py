"""Hand-made files whose skeleton breaks one rule each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

import numpy as np
from attacks.sealing import sealed, taken_apart
from frc_files import (
    DATA,
    GOOD,
    GOOD_INDEX,
    SKELETON,
    THREE,
    file_of,
    packed,
    section,
)
from vectors.building import Viewed, build, exact

from frcodec import Code
from frcodec.container import packed as packed_values
from frcodec.tensors import View


def _skeleton(**changes: Any) -> bytes:
    """The file of three levels as a hole of 12 bytes behind "PK", its checksum behind it."""
    value: dict[str, Any] = {
        "kind": "zip",
        "size": 18,
        "crc": 0,
        "holes": [2, 0],
        "patches": [14, 0],
        "gaps": b"PK" + bytes(4),
    }
    return file_of(section(DATA, THREE), section(SKELETON, packed(list({**value, **changes}.values()))), GOOD_INDEX)


def _rebuilt(data: bytes, model: bytes, holes: list[int], patches: list[int], gaps: bytes) -> bytes:
    """The file with a skeleton of the right size and checksum for a model file."""
    parts = taken_apart(data)
    skeleton = packed(["zip", len(model), crc32(model), holes, patches, gaps])
    return sealed([*parts[:-1], (SKELETON, False, skeleton), parts[-1]])


def _hole_of_a_view() -> bytes:
    data = build([exact("n", NUMBERS), Viewed(View("v", 0, 0, (3,), (1,)), "uint8")])
    return _rebuilt(data, NUMBERS.tobytes(), [0, 1], [], b"")


def _hole_of_no_bytes() -> bytes:
    return _rebuilt(build([exact("n", NUMBERS[:0])]), b"PK", [1, 0], [], b"PK")


def _patch_ahead() -> bytes:
    """A patch before two holes about the second of them."""
    data, model = build([exact("a", NUMBERS), exact("b", NUMBERS[1:])]), NUMBERS.tobytes() + NUMBERS[1:].tobytes()
    return _rebuilt(data, crc32(NUMBERS[1:].tobytes()).to_bytes(4, "little") + model, [4, 0, 0, 1], [0, 1], bytes(4))


def _bomb(size: int) -> bytes:
    """A byte string of zeros as msgpack under zstd: a few KB that claim megabytes."""
    return packed_values.compress(b"\xc6" + size.to_bytes(4, "big") + bytes(size))


def _claims(size: int) -> bytes:
    """A zstd frame that declares any size and holds nothing."""
    return b"\x28\xb5\x2f\xfd" + bytes([0b1100_0000, 0x00]) + size.to_bytes(8, "little") + b"\1\0\0"


NUMBERS = np.array([1, 2, 3], np.uint8)
WEIGHTS = np.array([1, -2, 0], np.float32).tobytes()

SKELETONS: dict[str, tuple[Callable[[], bytes], Code]] = {
    "skeleton_crc": (lambda: _skeleton(), Code.BAD_DIGEST),
    "skeleton_no_array": (
        lambda: file_of(section(DATA, THREE), section(SKELETON, packed({})), GOOD_INDEX),
        Code.BAD_SKELETON,
    ),
    "skeleton_size": (lambda: _skeleton(size=19), Code.BAD_SKELETON),
    "skeleton_of_terabytes": (lambda: _skeleton(size=1 << 50), Code.TOO_LARGE),
    "skeleton_bomb": (
        lambda: file_of(section(DATA, THREE), section(SKELETON, _claims(1 << 40)), GOOD_INDEX),
        Code.TOO_LARGE,
    ),
    "hole_past_the_end": (lambda: _skeleton(holes=[7, 0]), Code.BAD_SKELETON),
    "hole_at_2_to_53": (lambda: _skeleton(holes=[1 << 53, 0]), Code.BAD_SKELETON),
    "hole_of_no_entry": (lambda: _skeleton(holes=[2, 1]), Code.BAD_SKELETON),
    "skeleton_crc_negative": (lambda: _skeleton(crc=-1), Code.BAD_SKELETON),
    "skeleton_crc_of_2_to_32": (lambda: _skeleton(crc=1 << 32), Code.BAD_SKELETON),
    "hole_behind_all_gaps": (lambda: _rebuilt(GOOD, b"PK" + WEIGHTS, [5, 0], [], b"PK"), Code.BAD_SKELETON),
    "hole_of_a_view": (_hole_of_a_view, Code.BAD_SKELETON),
    "hole_of_no_bytes": (_hole_of_no_bytes, Code.BAD_SKELETON),
    "hole_twice_fills_the_file": (
        lambda: _rebuilt(GOOD, b"PK" + WEIGHTS * 2, [2, 0, 0, 0], [], b"PK"),
        Code.BAD_SKELETON,
    ),
    "patch_half": (lambda: _skeleton(patches=[14]), Code.BAD_SKELETON),
    "patch_ahead": (_patch_ahead, Code.BAD_SKELETON),
    "patch_into_a_hole": (lambda: _skeleton(patches=[0, 0], gaps=bytes(6)), Code.BAD_SKELETON),
    "hole_half": (lambda: _skeleton(holes=[2]), Code.BAD_SKELETON),
    "holes_overlap": (lambda: _skeleton(holes=[2, 0, -6, 0], size=30), Code.BAD_SKELETON),
    "hole_twice": (lambda: _skeleton(holes=[2, 0, 0, 0], size=30), Code.BAD_SKELETON),
    "holes_many_times": (lambda: _skeleton(holes=[2, 0] + [0, 0] * 1000, size=12018), Code.BAD_SKELETON),
    "patch_in_a_hole": (lambda: _skeleton(patches=[4, 0]), Code.BAD_SKELETON),
    "patch_over_a_border": (lambda: _skeleton(patches=[12, 0]), Code.BAD_SKELETON),
    "patch_past_the_end": (lambda: _skeleton(patches=[15, 0]), Code.BAD_SKELETON),
    "patch_of_no_hole": (lambda: _skeleton(patches=[14, 1]), Code.BAD_SKELETON),
    "patches_overlap": (lambda: _skeleton(patches=[14, 0, -2, 0]), Code.BAD_SKELETON),
    "patch_not_zero": (lambda: _skeleton(gaps=b"PK\0\0\1\0"), Code.BAD_SKELETON),
}
