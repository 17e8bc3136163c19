// Numbers of the format. Generated from spec/constants.toml by spec/generate.py: change them there.

#pragma once

#include <stdint.h>

// clang-format off
namespace frc {

// container
inline constexpr uint8_t MAGIC[] = {
    143, 70, 82, 67,
};
inline constexpr uint8_t END_MAGIC[] = {
    70, 82, 67, 122,
};
inline constexpr int VERSION = 1;
inline constexpr int TRAILER_BYTES = 8;
inline constexpr int SECTION_DATA = 1;
inline constexpr int SECTION_SKELETON = 2;
inline constexpr int SECTION_METADATA = 3;
inline constexpr int SECTION_INDEX = 4;
inline constexpr int SECTION_WIDTHS = 6;
inline constexpr int ANCILLARY = 1;

// index
inline constexpr int KNOWN_FEATURES = 0;
inline constexpr int CODING_LEVELS = 0;
inline constexpr int CODING_RAW = 1;
inline constexpr int CODING_VIEW = 2;
inline constexpr int REGION_WHOLE = 0;
inline constexpr int REGION_BOX = 1;
inline constexpr int REGION_SCAN = 2;

// limits
inline constexpr int MAX_NAME_BYTES = 16384;
inline constexpr int MAX_ENTRIES = 131072;
inline constexpr int MAX_SECTIONS = 65536;
inline constexpr int MAX_CONTAINERS = 16;
inline constexpr int MAX_RANK = 32;
inline constexpr int MAX_INDEX_BYTES = 16777216;
inline constexpr int MAX_METADATA_BYTES = 1048576;
inline constexpr int MAX_WIDTHS_BYTES = 1048576;
inline constexpr int MAX_GROUPS = 127;
inline constexpr int MAX_CHANNEL_AXES = 4;
inline constexpr int MAX_WIDTHS = 64;
inline constexpr int MAX_LEVEL = 1073741824;
inline constexpr int MAX_TRANSFORM_LENGTH = 4096;
inline constexpr int64_t DEFAULT_MAX_BYTES = 68719476736;

// transform
inline constexpr int MAX_BLOCK_LOG2 = 11;
inline constexpr int BASIS_BITS = 22;
inline constexpr int MAX_FRACTION_BITS = 30;
inline constexpr int MIN_FRACTION_BITS = 8;
inline constexpr int ENERGY_BITS = 60;

// quantizer
inline constexpr int STEP_MANTISSA_BITS = 8;
inline constexpr int STEP_EXPONENT_BIAS = 90;
inline constexpr int MAX_STEP_EXPONENT = 217;
inline constexpr int ROW_STEP = 64;

// entropy
inline constexpr int FREQUENCY_BITS = 12;
inline constexpr int STATE_FLOOR = 65536;
inline constexpr int WORD_BITS = 16;
inline constexpr int MAX_LANES_LOG2 = 12;
inline constexpr int MIN_TRELLIS = 2;
inline constexpr int MAX_TRELLIS = 8;
inline constexpr uint32_t TRELLIS_H0[] = {
    5, 11, 19, 37, 67, 157, 333,
};
inline constexpr uint8_t TRELLIS_H1[] = {
    2, 4, 4, 8, 20, 86, 242,
};
inline constexpr int SEGMENT_LEVELS = 1048576;
inline constexpr int MAX_ROW_LENGTH = 65536;
inline constexpr int MAX_NEIGHBOR_SUM = 32767;
inline constexpr int CONTEXT_WEIGHT_BITS = 4;
inline constexpr int CONTEXT_SHIFT = 3;
inline constexpr int MAX_CLASS_SUM = 2047;
inline constexpr int MAX_CONTEXTS = 64;
inline constexpr int ZERO_BITS = 6;
inline constexpr int ZERO_CENTER = 24;
inline constexpr int SCALE_BITS = 6;
inline constexpr int SCALE_ORIGIN = 4;
inline constexpr int SCALE_CAP = 20;
inline constexpr int SHAPE_BITS = 2;
inline constexpr int MAX_DIRECT = 127;
inline constexpr int TAIL_TERMS = 1023;
inline constexpr uint32_t EXP2[] = {
    65536, 64830, 64132, 63441, 62757, 62081, 61413, 60751,
    60097, 59449, 58809, 58176, 57549, 56929, 56316, 55709,
    55109, 54515, 53928, 53347, 52773, 52204, 51642, 51085,
    50535, 49991, 49452, 48920, 48393, 47871, 47356, 46846,
    46341, 45842, 45348, 44859, 44376, 43898, 43425, 42958,
    42495, 42037, 41584, 41136, 40693, 40255, 39821, 39392,
    38968, 38548, 38133, 37722, 37316, 36914, 36516, 36123,
    35734, 35349, 34968, 34591, 34219, 33850, 33486, 33125,
};

/// Error codes; code / 100 is the exit status of the command line tool.
enum class Code : int {
    OK = 0,
    DIFFERS = 101,
    UNFIT_APP = 102,
    BAD_OPTION = 201,
    UNMATCHED_RULE = 202,
    OUTPUT_EXISTS = 203,
    BINARY_TO_TERMINAL = 204,
    UNKNOWN_TENSOR = 205,
    BAD_TENSOR = 206,
    UNVALIDATED_WIDTH = 207,
    CLOSED_FILE = 208,
    TRUNCATED = 301,
    BAD_MAGIC = 302,
    BAD_TRAILER = 303,
    BAD_CRC = 304,
    BAD_SECTION = 305,
    BAD_MSGPACK = 306,
    BAD_ZSTD = 307,
    BAD_NAME = 308,
    BAD_RECORD = 309,
    BAD_VIEW = 310,
    BAD_STREAM = 311,
    BAD_SKELETON = 312,
    BAD_DIGEST = 313,
    BAD_VALUE = 314,
    RESERVED_BITS = 315,
    BAD_MODEL = 316,
    BAD_WIDTHS = 317,
    FUTURE_VERSION = 401,
    UNKNOWN_SECTION = 402,
    UNKNOWN_FEATURE = 403,
    TOO_LARGE = 404,
    UNSUPPORTED_MODEL = 405,
    NEEDS_TORCH = 406,
    READ_FAILED = 501,
    WRITE_FAILED = 502,
    OUT_OF_MEMORY = 503,
    CANCELLED = 504,
};

/// Element types; the values are the ids in the index.
enum class DType : uint8_t {
    FLOAT32 = 0,
    FLOAT16 = 1,
    BFLOAT16 = 2,
    FLOAT64 = 3,
    INT8 = 4,
    UINT8 = 5,
    INT16 = 6,
    UINT16 = 7,
    INT32 = 8,
    UINT32 = 9,
    INT64 = 10,
    UINT64 = 11,
    BOOL = 12,
    COMPLEX64 = 13,
    COMPLEX128 = 14,
    FLOAT8_E4M3FN = 15,
    FLOAT8_E5M2 = 16,
    FLOAT8_E4M3FNUZ = 17,
    FLOAT8_E5M2FNUZ = 18,
    COMPLEX32 = 19,
    BYTES = 20,
};

/// Bytes of one element, by id.
inline constexpr uint8_t DTYPE_BYTES[] = {
    4, 2, 2, 8, 1, 1, 2, 2,
    4, 4, 8, 8, 1, 8, 16, 1,
    1, 1, 1, 4, 1,
};

}  // namespace frc
