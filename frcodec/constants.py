"""Numbers of the format. Generated from spec/constants.toml by spec/generate.py: change them there."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

# container
MAGIC: Final = bytes.fromhex("8f465243")
END_MAGIC: Final = bytes.fromhex("4652437a")
VERSION: Final = 1
TRAILER_BYTES: Final = 8
SECTION_DATA: Final = 1
SECTION_SKELETON: Final = 2
SECTION_METADATA: Final = 3
SECTION_INDEX: Final = 4
SECTION_WIDTHS: Final = 6
ANCILLARY: Final = 1

# index
KNOWN_FEATURES: Final = 0
CODING_LEVELS: Final = 0
CODING_RAW: Final = 1
CODING_VIEW: Final = 2
REGION_WHOLE: Final = 0
REGION_BOX: Final = 1
REGION_SCAN: Final = 2

# limits
MAX_NAME_BYTES: Final = 16384
MAX_ENTRIES: Final = 131072
MAX_SECTIONS: Final = 65536
MAX_CONTAINERS: Final = 16
MAX_RANK: Final = 32
MAX_INDEX_BYTES: Final = 16777216
MAX_METADATA_BYTES: Final = 1048576
MAX_WIDTHS_BYTES: Final = 1048576
MAX_GROUPS: Final = 127
MAX_CHANNEL_AXES: Final = 4
MAX_WIDTHS: Final = 64
MAX_LEVEL: Final = 1073741824
MAX_TRANSFORM_LENGTH: Final = 4096
DEFAULT_MAX_BYTES: Final = 68719476736

# transform
MAX_BLOCK_LOG2: Final = 11
BASIS_BITS: Final = 22
MAX_FRACTION_BITS: Final = 30
MIN_FRACTION_BITS: Final = 8
ENERGY_BITS: Final = 60

# quantizer
STEP_MANTISSA_BITS: Final = 8
STEP_EXPONENT_BIAS: Final = 90
MAX_STEP_EXPONENT: Final = 217
ROW_STEP: Final = 64

# entropy
FREQUENCY_BITS: Final = 12
STATE_FLOOR: Final = 65536
WORD_BITS: Final = 16
MAX_LANES_LOG2: Final = 12
MIN_TRELLIS: Final = 2
MAX_TRELLIS: Final = 8
TRELLIS_H0: Final = (
    5, 11, 19, 37, 67, 157, 333,
)
TRELLIS_H1: Final = (
    2, 4, 4, 8, 20, 86, 242,
)
SEGMENT_LEVELS: Final = 1048576
MAX_ROW_LENGTH: Final = 65536
MAX_NEIGHBOR_SUM: Final = 32767
CONTEXT_WEIGHT_BITS: Final = 4
CONTEXT_SHIFT: Final = 3
MAX_CLASS_SUM: Final = 2047
MAX_CONTEXTS: Final = 64
ZERO_BITS: Final = 6
ZERO_CENTER: Final = 24
SCALE_BITS: Final = 6
SCALE_ORIGIN: Final = 4
SCALE_CAP: Final = 20
SHAPE_BITS: Final = 2
MAX_DIRECT: Final = 127
TAIL_TERMS: Final = 1023
EXP2: Final = (
    65536, 64830, 64132, 63441, 62757, 62081, 61413, 60751,
    60097, 59449, 58809, 58176, 57549, 56929, 56316, 55709,
    55109, 54515, 53928, 53347, 52773, 52204, 51642, 51085,
    50535, 49991, 49452, 48920, 48393, 47871, 47356, 46846,
    46341, 45842, 45348, 44859, 44376, 43898, 43425, 42958,
    42495, 42037, 41584, 41136, 40693, 40255, 39821, 39392,
    38968, 38548, 38133, 37722, 37316, 36914, 36516, 36123,
    35734, 35349, 34968, 34591, 34219, 33850, 33486, 33125,
)


class Code(IntEnum):
    """What went wrong; number // 100 is the exit status of the command line tool."""

    DIFFERS = 101
    UNFIT_APP = 102
    BAD_OPTION = 201
    UNMATCHED_RULE = 202
    OUTPUT_EXISTS = 203
    BINARY_TO_TERMINAL = 204
    UNKNOWN_TENSOR = 205
    BAD_TENSOR = 206
    UNVALIDATED_WIDTH = 207
    CLOSED_FILE = 208
    TRUNCATED = 301
    BAD_MAGIC = 302
    BAD_TRAILER = 303
    BAD_CRC = 304
    BAD_SECTION = 305
    BAD_MSGPACK = 306
    BAD_ZSTD = 307
    BAD_NAME = 308
    BAD_RECORD = 309
    BAD_VIEW = 310
    BAD_STREAM = 311
    BAD_SKELETON = 312
    BAD_DIGEST = 313
    BAD_VALUE = 314
    RESERVED_BITS = 315
    BAD_MODEL = 316
    BAD_WIDTHS = 317
    FUTURE_VERSION = 401
    UNKNOWN_SECTION = 402
    UNKNOWN_FEATURE = 403
    TOO_LARGE = 404
    UNSUPPORTED_MODEL = 405
    NEEDS_TORCH = 406
    READ_FAILED = 501
    WRITE_FAILED = 502
    OUT_OF_MEMORY = 503
    CANCELLED = 504


DTYPE_BITS: Final = {
    "float32": (0, 32),
    "float16": (1, 16),
    "bfloat16": (2, 16),
    "float64": (3, 64),
    "int8": (4, 8),
    "uint8": (5, 8),
    "int16": (6, 16),
    "uint16": (7, 16),
    "int32": (8, 32),
    "uint32": (9, 32),
    "int64": (10, 64),
    "uint64": (11, 64),
    "bool": (12, 8),
    "complex64": (13, 64),
    "complex128": (14, 128),
    "float8_e4m3fn": (15, 8),
    "float8_e5m2": (16, 8),
    "float8_e4m3fnuz": (17, 8),
    "float8_e5m2fnuz": (18, 8),
    "complex32": (19, 32),
    "bytes": (20, 8),
}
"""dtype name -> (id in the index, bits of one element)"""
