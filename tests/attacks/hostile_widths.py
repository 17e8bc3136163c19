"""Hand-made files whose widths section breaks one rule each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from frc_files import INDEX, WIDTHS, packed, section
from vectors.building import Part, Viewed, build, coded, exact, power

from frcodec import Code
from frcodec.container import packed as packed_values
from frcodec.container.sections import walk
from frcodec.stages.region import Box
from frcodec.tensors import View


def _parts(*views: View) -> list[Part]:
    """A tensor of channels, one in blocks, one without transform, an exact one, and views of the first."""
    return [
        coded("w", "float32", (4, 6), [4, 0, 0, 0], axes=(0, 1), region=Box((2, 2))),
        coded("blocks", "float32", (4, 6), [1, 0, 0, 0], axes=(0, 1), block=1, region=Box((2, 2))),
        coded("plain", "float32", (4,), [1, 2, 3, 4]),
        exact("n", np.arange(4, dtype=np.uint8)),
        *(Viewed(view, "float32") for view in views),
    ]


def with_widths(data: bytes, *payloads: bytes) -> bytes:
    """The file with these widths sections before its index."""
    index = next(s for s in walk(memoryview(data)) if s.type == INDEX)
    return data[: index.start] + b"".join(section(WIDTHS, payload) for payload in payloads) + data[index.start :]


def _codes(*codes: int) -> bytes:
    """Codes of axes as their differences."""
    return bytes((code - before) % 256 for before, code in pairwise([0, *codes]))


def widths_file(views: Iterable[View] = (), **changes: Any) -> bytes:
    """Channels 4 and 6 of w, validated at full width alone, with changed columns."""
    columns: dict[str, Any] = {
        "axes": _codes(1, 0, 0, 4, 0),
        "label": "",
        "lengths": [4, 6],
        "scores": "1\0",
        "multiply_adds": [24],
        "checksums": bytes(4),
    }
    return with_widths(build(_parts(*views)), packed(list({**columns, **changes}.values())))


def _many(count: int) -> bytes:
    """So many validated widths."""
    lengths = [n for i in range(count) for n in (i + 1, 6)]
    return widths_file(
        lengths=lengths, scores="\0" * count, multiply_adds=[0] * count, checksums=bytes(4 * count)
    )  # fmt: skip


def _five_axes() -> bytes:
    part = coded("w", "float32", (2,) * 5, [1], axes=tuple(range(5)), region=Box((1,) * 5))
    return with_widths(build([part]), packed([_codes(*[1] * 5), "", [], "", [], b""]))


def _128_groups() -> bytes:
    """Of which the last is one too many."""
    parts = [coded(f"w{n}", "float32", (1,) * 4, [1], axes=(0, 1, 2, 3)) for n in range(32)]
    codes = [2 * (32 * axis + n) + 1 for axis in range(4) for n in range(32)]
    return with_widths(build(parts), packed([_codes(*codes), "", [], "", [], b""]))


def _too_many_elements() -> bytes:
    """Four axes of 2^12, and one of 2^6 that is no channel axis."""
    part = coded("w", "float32", (1, 1, 1, 1, 64), [1], axes=(0, 1, 2, 3), region=Box((1,) * 5))
    return with_widths(build([part]), packed([_codes(1, 1, 1, 1, 0), "", [4096], "\0", [0], bytes(4)]))


def _too_large() -> bytes:
    """2^36 weights of four bytes, where every axis has 2^12 channels."""
    part = coded("w", "float32", (1, 1, 1), [1], axes=(0, 1, 2))
    return with_widths(build([part]), packed([_codes(1, 1, 1), "", [4096], "\0", [0], bytes(4)]))


def _overflow() -> bytes:
    """With one input instead of four, weights are four times as large."""
    part = coded("w", "float16", (4,), [1], axes=(0,), region=Box((1,)), step=power(16))
    return with_widths(build([part]), packed([_codes(2), "", [1], "\0", [0], bytes(4)]))


def _view_of_nothing() -> bytes:
    """The whole of an empty entry, at an offset that matters to nothing."""
    parts = [coded("w", "float32", (4, 0), [], axes=(0,)), Viewed(View("v", 0, 6, (4, 0), (0, 1)), "float32")]
    return with_widths(build(parts), packed([_codes(1, 0), "", [], "", [], b""]))


def _bomb(size: int) -> bytes:
    return packed_values.compress(b"\xc6" + size.to_bytes(4, "big") + bytes(size))


Made = tuple[Callable[[], bytes], Code]


def _bad(views: Iterable[View] = (), **changes: Any) -> Made:
    return lambda: widths_file(views, **changes), Code.BAD_WIDTHS


WIDTH_FILES: dict[str, Made] = {
    "widths_not_zstd": (lambda: with_widths(build(_parts()), b"none"), Code.BAD_ZSTD),
    "widths_bomb": (lambda: with_widths(build(_parts()), _bomb(1 << 21)), Code.TOO_LARGE),
    "widths_not_canonical": (lambda: with_widths(build(_parts()), packed_values.compress(b"\xcc\0")), Code.BAD_MSGPACK),
    "widths_twice": (
        lambda: with_widths(build(_parts()), *[packed([_codes(1, 0, 0, 0, 0), "", [], "", [], b""])] * 2),
        Code.BAD_SECTION,
    ),
    "widths_no_array": (lambda: with_widths(build(_parts()), packed(0)), Code.BAD_WIDTHS),
    "widths_column_less": (
        lambda: with_widths(build(_parts()), packed([_codes(1, 0, 0, 0, 0), "", [], "", []])),
        Code.BAD_WIDTHS,
    ),
    "widths_text_for_numbers": _bad(lengths="46"),
    "widths_negative": _bad(multiply_adds=[-1]),
    "widths_beyond_2_to_53": _bad(multiply_adds=[(1 << 53) + 1]),
    "widths_label_of_bytes": _bad(label=b""),
    "widths_no_groups": _bad(axes=bytes(5), lengths=[]),
    "widths_group_without_axes": _bad(axes=_codes(1, 0, 0, 6, 0), lengths=[4, 1, 6]),
    "widths_first_group_without_axes": _bad(axes=_codes(3, 0, 0, 4, 0), lengths=[1, 2]),
    "widths_axes_short": _bad(axes=_codes(1, 0, 0, 4)),
    "widths_axes_long": _bad(axes=_codes(1, 0, 0, 4, 0, 0)),
    "widths_group_127": (_128_groups, Code.BAD_WIDTHS),
    "widths_in_blocks": _bad(axes=_codes(1, 1, 0, 4, 0)),
    "widths_not_transformed": _bad(axes=_codes(1, 0, 1, 4, 0)),
    "widths_five_axes": (_five_axes, Code.BAD_WIDTHS),
    "widths_lengths_short": _bad(lengths=[4]),
    "widths_lengths_long": _bad(lengths=[4, 6, 4]),
    "widths_scores_without_end": _bad(scores="1"),
    "widths_scores_behind": _bad(scores="1\0002"),
    "widths_multiply_adds_short": _bad(multiply_adds=[]),
    "widths_checksums_short": _bad(checksums=bytes(3)),
    "widths_one_twice": _bad(lengths=[4, 6] * 2, scores="1\0" * 2, multiply_adds=[1, 1], checksums=bytes(8)),
    "widths_65": (lambda: _many(65), Code.BAD_WIDTHS),
    "widths_length_of_none": _bad(lengths=[0, 6]),
    "widths_length_of_4097": _bad(lengths=[4, 4097]),
    "widths_too_many_elements": (_too_many_elements, Code.BAD_WIDTHS),
    "widths_view_turned": _bad([View("v", 0, 0, (6, 4), (1, 6))]),
    "widths_view_of_a_part": _bad([View("v", 0, 0, (2, 6), (6, 1))]),
    "widths_view_behind_the_start": _bad([View("v", 0, 6, (3, 6), (6, 1))]),
    "widths_view_repeated": _bad([View("v", 0, 0, (4, 6), (0, 1))]),
    "widths_view_split": _bad([View("v", 0, 0, (2, 2, 6), (12, 6, 1))]),
    "widths_view_across": _bad([View("v", 0, 0, (8, 3), (3, 1))]),
    "widths_view_scalar": _bad([View("v", 0, 0, (), ())]),
    "widths_view_of_nothing": (_view_of_nothing, Code.BAD_WIDTHS),
    "widths_too_large": (_too_large, Code.TOO_LARGE),
    "widths_overflow": (_overflow, Code.BAD_VALUE),
    "widths_checksum": (lambda: widths_file(lengths=[2, 3], checksums=bytes(4)), Code.BAD_DIGEST),
}
