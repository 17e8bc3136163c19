"""Hand-made files whose skeleton breaks one rule each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from frc_files import (
    DATA,
    GOOD_INDEX,
    SKELETON,
    THREE,
    file_of,
    packed,
    section,
)

from frcodec import Code
from frcodec.container import packed as packed_values


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


def _bomb(size: int) -> bytes:
    """A byte string of zeros as msgpack under zstd: a few KB that claim megabytes."""
    return packed_values.compress(b"\xc6" + size.to_bytes(4, "big") + bytes(size))


def _claims(size: int) -> bytes:
    """A zstd frame that declares any size and holds nothing."""
    return b"\x28\xb5\x2f\xfd" + bytes([0b1100_0000, 0x00]) + size.to_bytes(8, "little") + b"\1\0\0"


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
