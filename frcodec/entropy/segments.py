"""Segments of a stream, and lanes of a segment (spec section "Segments").

Every segment but the last holds 2^20 levels. Of n levels with L lanes, lane l holds those from l · ⌈n / L⌉ on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..constants import SEGMENT_LEVELS

_Number = TypeVar("_Number", np.uint8, np.int16, np.int32, np.intp, np.float64)


def segment_sizes(count: int) -> list[int]:
    """Number of levels of each segment."""
    return [part.stop - part.start for part in segments(count)]


def segments(count: int) -> list[slice]:
    """The range of levels of each segment."""
    starts = range(0, count, SEGMENT_LEVELS)
    return [slice(start, min(start + SEGMENT_LEVELS, count)) for start in starts]


def lane_lengths(size: int, lane_count: int) -> npt.NDArray[np.int64]:
    """Number of levels of each lane of a segment [lane_count], descending."""
    chunk = -(-size // lane_count)
    return np.clip(size - chunk * np.arange(lane_count), 0, chunk)


def lane_starts(count: int, lane_count: int) -> npt.NDArray[np.int64]:
    """The first level of every lane of all segments, without empty lanes."""
    starts = [
        np.arange(part.start, part.stop, -(-(part.stop - part.start) // lane_count), dtype=np.int64)
        for part in segments(count)
    ]
    return np.concatenate(starts)


def to_lanes(flat: npt.NDArray[_Number], lane_count: int) -> npt.NDArray[_Number]:
    """Values of one segment [size] laid out in time [iterations, lanes]; zero beyond a lane's end."""
    chunk = -(-len(flat) // lane_count)
    padded = np.zeros(chunk * lane_count, flat.dtype)
    padded[: len(flat)] = flat
    return np.ascontiguousarray(padded.reshape(lane_count, chunk).T)


def from_lanes(values: npt.NDArray[_Number], size: int) -> npt.NDArray[_Number]:
    """Inverse of `to_lanes` for a segment of this size; `values` may have more iterations."""
    return values[: -(-size // values.shape[1])].T.reshape(-1)[:size]


def side_by_side(parts: Sequence[npt.NDArray[_Number]]) -> npt.NDArray[_Number]:
    """Segments laid out in time as one [iterations, segments · lanes]; the last may have fewer iterations."""
    if len(parts) == 1:
        return parts[0]
    lanes = parts[0].shape[1]
    result = np.zeros((len(parts[0]), lanes * len(parts)), parts[0].dtype)
    for number, part in enumerate(parts):
        result[: len(part), number * lanes : (number + 1) * lanes] = part
    return result
