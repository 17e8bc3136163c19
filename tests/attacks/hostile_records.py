"""Hand-made files whose index breaks one rule each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from frc_files import (
    DATA,
    INDEX,
    THREE,
    Columns,
    digest,
    file_of,
    level_stream,
    packed,
    raw_file,
    raw_stream,
    section,
    small_file,
)

from frcodec import Code
from frcodec.constants import MAX_ENTRIES, MAX_NAME_BYTES, MAX_RANK

RAW = np.arange(6, dtype=np.int16).reshape(2, 3)


def _index(payload: bytes) -> bytes:
    return file_of(section(DATA, THREE), section(INDEX, payload))


def _views(**changes: Any) -> bytes:
    """A raw int16 tensor of 6 elements, and a view of 2 × 2 of its first columns."""
    data = raw_stream(RAW)
    columns: dict[str, Any] = {
        "names": "w\0v\0",
        "dtypes": bytes([6, 6]),
        "codings": bytes([1, 2]),
        "ranks": bytes([2, 2]),
        "dims": [2, 2, 3, 2],
        "axes": [],
        "regions": b"",
        "steps": b"",
        "streams": [0],
        "sizes": [len(data)],
        "digests": digest(RAW).to_bytes(4, "little"),
        "views": [0, 0, 3, 1],
    }
    return file_of(section(DATA, data), section(INDEX, Columns(**{**columns, **changes}).pack()))


def _two(**changes: Any) -> bytes:
    """Two tensors of three levels each in streams of their own."""
    columns: dict[str, Any] = {
        "names": "a\0b\0",
        "dtypes": bytes(2),
        "codings": bytes(2),
        "ranks": bytes([1, 1]),
        "dims": [3, 3],
        "axes": [0, 0],
        "regions": bytes(2),
        "steps": bytes([90, 90, 0, 0]),
        "streams": [0, 0],
        "sizes": [len(THREE)] * 2,
        "digests": Columns().digests * 2,
    }
    return file_of(section(DATA, THREE * 2), section(INDEX, Columns(**{**columns, **changes}).pack()))


def _levels(levels: list[int], **columns: Any) -> bytes:
    data = level_stream(levels)
    index = Columns(**{"sizes": [len(data)], **columns}).pack()
    return file_of(section(DATA, data), section(INDEX, index))


_HALF = {"ranks": b"\1", "dims": [2], "dtypes": b"\1", "steps": bytes([106, 0])}

RECORDS: dict[str, tuple[Callable[[], bytes], Code]] = {
    "feature_bit": (lambda: small_file(features=1), Code.UNKNOWN_FEATURE),
    "feature_bit_63": (lambda: small_file(features=1 << 63), Code.UNKNOWN_FEATURE),
    "feature_below_zero": (lambda: small_file(features=-1), Code.UNKNOWN_FEATURE),
    "feature_text": (lambda: small_file(features="0"), Code.BAD_RECORD),
    "column_missing": (lambda: _index(packed(Columns().list()[:-1])), Code.BAD_RECORD),
    "column_more": (lambda: _index(packed([*Columns().list(), []])), Code.BAD_RECORD),
    "names_twice": (lambda: _two(names="a\0a\0"), Code.BAD_NAME),
    "name_without_end": (lambda: small_file(names="w\0w"), Code.BAD_NAME),
    "name_too_long": (lambda: small_file(names="x" * (MAX_NAME_BYTES + 1) + "\0"), Code.BAD_NAME),
    "view_without_name": (lambda: _views(names="w\0\0"), Code.BAD_NAME),
    "too_many_entries": (lambda: small_file(names="\0" * (MAX_ENTRIES + 1)), Code.TOO_LARGE),
    "fewer_names": (lambda: small_file(names=""), Code.BAD_RECORD),
    "more_names": (lambda: small_file(names="w\0v\0"), Code.BAD_RECORD),
    "unknown_dtype": (lambda: small_file(dtypes=b"\x15"), Code.UNKNOWN_FEATURE),
    "unknown_coding": (lambda: small_file(codings=b"\3"), Code.UNKNOWN_FEATURE),
    "unknown_transform": (lambda: small_file(axes=[1 + 2 * 12]), Code.UNKNOWN_FEATURE),
    "unknown_transform_of_2_to_53": (lambda: small_file(axes=[(1 << 53) - 1]), Code.UNKNOWN_FEATURE),
    "unknown_region": (lambda: small_file(regions=b"\3"), Code.UNKNOWN_FEATURE),
    "rank_too_large": (lambda: small_file(ranks=bytes([MAX_RANK + 1]), dims=[1] * (MAX_RANK + 1)), Code.BAD_RECORD),
    "rank_255": (lambda: small_file(ranks=b"\xff", dims=[1] * 255), Code.BAD_RECORD),
    "dims_overflow": (lambda: small_file(ranks=b"\3", dims=[1 << 22, 1 << 22, 1 << 22]), Code.BAD_RECORD),
    "dims_overflow_behind_zero": (lambda: small_file(ranks=b"\3", dims=[0, 1 << 32, 1 << 32]), Code.BAD_RECORD),
    "dims_of_2_to_64": (lambda: small_file(ranks=b"\4", dims=[1 << 16] * 4), Code.BAD_RECORD),
    "dim_beyond_2_to_53": (lambda: small_file(dims=[(1 << 53) + 1]), Code.BAD_RECORD),
    "dim_text": (lambda: small_file(dims=["3"]), Code.BAD_RECORD),
    "dim_negative": (lambda: small_file(dims=[-3]), Code.BAD_RECORD),
    "dim_missing": (lambda: small_file(dims=[]), Code.BAD_RECORD),
    "dim_too_many": (lambda: small_file(dims=[3, 1]), Code.BAD_RECORD),
    "decodes_to_terabytes": (lambda: small_file(dims=[1 << 40]), Code.TOO_LARGE),
    "step_too_large": (lambda: small_file(steps=bytes([218, 0])), Code.BAD_RECORD),
    "steps_short": (lambda: small_file(steps=b"\x5a"), Code.BAD_RECORD),
    "box_of_the_shape": (lambda: small_file(regions=b"\1", kept=[3]), Code.BAD_RECORD),
    "box_beyond_the_shape": (lambda: small_file(regions=b"\1", kept=[4]), Code.BAD_RECORD),
    "box_missing": (lambda: small_file(regions=b"\1"), Code.BAD_RECORD),
    "kept_too_many": (lambda: small_file(kept=[3]), Code.BAD_RECORD),
    "scan_beyond_the_tensor": (lambda: small_file(regions=b"\2", kept=[4]), Code.BAD_RECORD),
    "transform_of_5000": (lambda: small_file(axes=[1], dims=[5000]), Code.BAD_RECORD),
    "transform_of_length_0": (lambda: small_file(axes=[1], dims=[0]), Code.BAD_RECORD),
    "blocks_without_axes": (lambda: small_file(axes=[2 * 3]), Code.BAD_RECORD),
    "blocks_of_a_scalar": (lambda: small_file(ranks=b"\0", dims=[], axes=[1]), Code.BAD_RECORD),
    "blocks_of_length_0": (lambda: small_file(axes=[1 + 2 * 3], dims=[0]), Code.BAD_RECORD),
    "blocks_of_integers": (lambda: small_file(dtypes=b"\4", axes=[1 + 2 * 1], steps=bytes(2)), Code.BAD_RECORD),
    "transform_of_integers": (lambda: small_file(dtypes=b"\4", axes=[1], steps=bytes(2)), Code.BAD_RECORD),
    "center_beyond_255": (lambda: small_file(dtypes=b"\5", steps=bytes([1, 0])), Code.BAD_RECORD),
    "levels_of_int16": (lambda: small_file(dtypes=b"\6", steps=bytes(2)), Code.BAD_RECORD),
    "levels_of_complex": (lambda: small_file(dtypes=b"\x0d"), Code.BAD_RECORD),
    "transform_of_huge_levels": (lambda: _levels([1 << 23, 0, 0], axes=[1]), Code.BAD_RECORD),
    "stream_number_beyond": (lambda: small_file(streams=[2]), Code.BAD_RECORD),
    "stream_number_of_2_to_53": (lambda: small_file(streams=[1 << 53]), Code.BAD_RECORD),
    "stream_without_entry": (lambda: _two(streams=[2, 2]), Code.BAD_RECORD),
    "stream_missing": (lambda: _two(sizes=[2 * len(THREE)], digests=bytes(4)), Code.BAD_RECORD),
    "stream_of_two_codings": (
        lambda: _two(
            codings=bytes([0, 1]),
            axes=[0],
            regions=b"\0",
            steps=bytes([90, 0]),
            streams=[1, 1],
            sizes=[2 * len(THREE)],
            digests=bytes(4),
        ),
        Code.BAD_RECORD,
    ),
    "digest_missing": (lambda: small_file(digests=b""), Code.BAD_RECORD),
    "digest_wrong": (lambda: small_file(digests=bytes(4)), Code.BAD_DIGEST),
    "digest_of_raw_wrong": (lambda: raw_file(RAW, digests=bytes(4)), Code.BAD_DIGEST),
    "half_overflows": (lambda: _levels([1, 2], **_HALF), Code.BAD_VALUE),
    "single_overflows": (
        lambda: _levels([1 << 20, 2], **{**_HALF, "dtypes": b"\0", "steps": bytes([217, 0])}),
        Code.BAD_VALUE,
    ),
    "bfloat16_overflows": (
        lambda: _levels([1, 2], **{**_HALF, "dtypes": b"\2", "steps": bytes([217, 255])}),
        Code.BAD_VALUE,
    ),
    "bfloat16_rounds_to_infinity": (
        lambda: _levels([1, 0], **{**_HALF, "dtypes": b"\2", "steps": bytes([217, 255])}),
        Code.BAD_VALUE,
    ),
    "transform_overflows": (
        lambda: _levels([1 << 20, 2], **{**_HALF, "dtypes": b"\0", "axes": [1], "steps": bytes([217, 0])}),
        Code.BAD_VALUE,
    ),
    "view_of_itself": (lambda: _views(views=[1, 0, 3, 1]), Code.BAD_VIEW),
    "view_of_a_view": (
        lambda: _views(
            names="w\0v\0u\0",
            dtypes=bytes([6] * 3),
            codings=bytes([1, 2, 2]),
            ranks=bytes([2] * 3),
            dims=[2, 2, 2, 3, 2, 2],
            views=[2, 0, 1, 1, 1, 0, 1, 1],
        ),
        Code.BAD_VIEW,
    ),
    "view_of_nothing": (lambda: _views(views=[2, 0, 3, 1]), Code.BAD_VIEW),
    "view_of_2_to_53": (lambda: _views(views=[1 << 53, 0, 3, 1]), Code.BAD_VIEW),
    "view_of_another_dtype": (lambda: _views(dtypes=bytes([6, 7])), Code.BAD_VIEW),
    "view_beyond_the_end": (lambda: _views(views=[0, 2, 3, 1]), Code.BAD_VIEW),
    "view_of_large_strides": (lambda: _views(views=[0, 0, 1 << 53, 1]), Code.BAD_VIEW),
    "view_at_2_to_53": (lambda: _views(views=[0, 1 << 53, 0, 0]), Code.BAD_VIEW),
    "view_without_strides": (lambda: _views(views=[0, 0]), Code.BAD_RECORD),
    "view_too_many": (lambda: _views(views=[0, 0, 3, 1, 0]), Code.BAD_RECORD),
    "view_of_terabytes": (lambda: _views(dims=[2, 1 << 20, 3, 1 << 22], views=[0, 0, 0, 0]), Code.TOO_LARGE),
}
