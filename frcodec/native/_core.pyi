from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

class Error(Exception):
    """args: error code, message."""

def crc32(data: bytes | bytearray | memoryview, before: int = 0) -> int: ...
def targets() -> list[str]:
    """Instruction sets that the processor supports, best first."""

def select_target(name: str) -> bool:
    """Use one of them from now on. Return False if it is not supported."""

class Stream:
    """A stream of levels; android_loader/core/stages/stream.h."""

    def __init__(self, data: bytes | bytearray | memoryview, shape: Sequence[int]) -> None: ...
    @property
    def segments(self) -> int: ...
    @property
    def has_row_steps(self) -> bool: ...
    def size(self, segment: int) -> int: ...
    def decode(self, segment: int, points: npt.NDArray[np.int32]) -> None: ...

class Layer:
    """Decoding of one tensor, from points to elements; android_loader/core/stages/layer.h."""

    def __init__(
        self,
        dtype: int,
        shape: Sequence[int],
        axes: int,
        block: int,
        region: int,
        kept: Sequence[int],
        count: int,
        step: int,
        elements: npt.NDArray[np.uint8],
        stream: Stream | None,
    ) -> None: ...
    @property
    def in_order(self) -> bool: ...
    def put(self, first: int, points: npt.NDArray[np.int32]) -> None: ...
    def put_segment(self, stream: Stream, segment: int) -> None: ...
    def settle(self) -> int: ...
    def run(self, part: int) -> None: ...

def viterbi(
    scaled: npt.NDArray[np.float64],
    contexts: npt.NDArray[np.uint8],
    prices: npt.NDArray[np.int32],
    lanes: int,
    state_bits: int,
    h0: int,
    h1: int,
    levels: npt.NDArray[np.int32],
    subsets: npt.NDArray[np.uint8],
) -> None: ...
def viterbi_with_feedback(
    scaled: npt.NDArray[np.float64],
    contexts: npt.NDArray[np.uint8],
    prices: npt.NDArray[np.float32],
    upper: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    state_bits: int,
    h0: int,
    h1: int,
    levels: npt.NDArray[np.int32],
    subsets: npt.NDArray[np.uint8],
) -> None: ...
def contexts_by_level(
    points: npt.NDArray[np.int32],
    class_terms: npt.NDArray[np.int16] | None,
    lanes: int,
    row_length: int,
    contexts: int,
    wn: int,
    base: int,
    result: npt.NDArray[np.uint8],
) -> None: ...
def histogram(
    levels: npt.NDArray[np.int32],
    contexts: npt.NDArray[np.uint8],
    subsets: npt.NDArray[np.uint8] | None,
    shift: npt.NDArray[np.uint8],
    histogram: npt.NDArray[np.uint32],
    sums: npt.NDArray[np.uint64],
) -> None: ...
def encode_lanes(
    levels: npt.NDArray[np.int32],
    contexts: npt.NDArray[np.uint8],
    subsets: npt.NDArray[np.uint8] | None,
    context_count: int,
    symbols: npt.NDArray[np.uint16],
    reach: npt.NDArray[np.uint8],
    shift: npt.NDArray[np.uint8],
    states: npt.NDArray[np.uint32],
    words: npt.NDArray[np.uint16],
) -> int: ...
