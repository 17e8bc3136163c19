/* Enums of frc.h. Generated from spec/constants.toml by spec/generate.py: change them there. */

#ifndef FRC_ENUMS_H
#define FRC_ENUMS_H

/* clang-format off */

/* Error codes. They are never reused; some occur in the command line tool only. */
typedef enum frc_code {
    FRC_OK = 0,
    FRC_DIFFERS = 101, /* a comparison asked for by the user found a difference */
    FRC_UNFIT_APP = 102, /* an app package whose asset or libraries are not as Android needs them */
    FRC_BAD_OPTION = 201, /* an option, rule or argument that means nothing */
    FRC_UNMATCHED_RULE = 202, /* a pattern that matches no tensor */
    FRC_OUTPUT_EXISTS = 203, /* the output is there already */
    FRC_BINARY_TO_TERMINAL = 204, /* bytes would go to a terminal */
    FRC_UNKNOWN_TENSOR = 205, /* a name that the file does not hold */
    FRC_BAD_TENSOR = 206, /* an array that cannot be stored or does not fit */
    FRC_UNVALIDATED_WIDTH = 207, /* a width that the file does not say it was validated at */
    FRC_CLOSED_FILE = 208, /* an open file that was used after it was closed */
    FRC_TRUNCATED = 301, /* the file ends before a length says so */
    FRC_BAD_MAGIC = 302, /* not an .frc file */
    FRC_BAD_TRAILER = 303, /* the last bytes do not lead to an index */
    FRC_BAD_CRC = 304, /* a section's bytes do not match its checksum */
    FRC_BAD_SECTION = 305, /* a section that is misplaced, repeated, missing or of the wrong size */
    FRC_BAD_MSGPACK = 306, /* not canonical msgpack, or of the wrong shape */
    FRC_BAD_ZSTD = 307, /* not one zstd frame with a declared size */
    FRC_BAD_NAME = 308, /* a tensor name that is repeated, too long or not UTF-8, or missing where one is needed */
    FRC_BAD_RECORD = 309, /* a field of a tensor record out of its range */
    FRC_BAD_VIEW = 310, /* a view that leaves its tensor or points to no stored tensor */
    FRC_BAD_STREAM = 311, /* a level stream whose header, tables, words or end states are wrong */
    FRC_BAD_SKELETON = 312, /* holes or patches that overlap, run past the end or do not fit their tensor */
    FRC_BAD_DIGEST = 313, /* decoded bytes do not match their checksum */
    FRC_BAD_VALUE = 314, /* a decoded value is not finite in its dtype */
    FRC_RESERVED_BITS = 315, /* a reserved bit is set */
    FRC_BAD_MODEL = 316, /* a model file that is damaged */
    FRC_BAD_WIDTHS = 317, /* channel axes or validated widths that do not fit the entries */
    FRC_FUTURE_VERSION = 401, /* written by a later major version */
    FRC_UNKNOWN_SECTION = 402, /* a critical section of unknown type */
    FRC_UNKNOWN_FEATURE = 403, /* an unknown dtype, coding, transform, region or flag */
    FRC_TOO_LARGE = 404, /* more bytes than the caller's limit */
    FRC_UNSUPPORTED_MODEL = 405, /* a model file of a kind that is not read */
    FRC_NEEDS_TORCH = 406, /* only possible with torch installed */
    FRC_READ_FAILED = 501, /* the operating system refused to read */
    FRC_WRITE_FAILED = 502, /* the operating system refused to write */
    FRC_OUT_OF_MEMORY = 503, /* the memory that was asked for is not there */
    FRC_CANCELLED = 504, /* the caller stopped the work */
} frc_code;

/* Element types, by their names in PyTorch. */
typedef enum frc_dtype {
    FRC_DTYPE_FLOAT32 = 0,
    FRC_DTYPE_FLOAT16 = 1,
    FRC_DTYPE_BFLOAT16 = 2,
    FRC_DTYPE_FLOAT64 = 3,
    FRC_DTYPE_INT8 = 4,
    FRC_DTYPE_UINT8 = 5,
    FRC_DTYPE_INT16 = 6,
    FRC_DTYPE_UINT16 = 7,
    FRC_DTYPE_INT32 = 8,
    FRC_DTYPE_UINT32 = 9,
    FRC_DTYPE_INT64 = 10,
    FRC_DTYPE_UINT64 = 11,
    FRC_DTYPE_BOOL = 12,
    FRC_DTYPE_COMPLEX64 = 13,
    FRC_DTYPE_COMPLEX128 = 14,
    FRC_DTYPE_FLOAT8_E4M3FN = 15,
    FRC_DTYPE_FLOAT8_E5M2 = 16,
    FRC_DTYPE_FLOAT8_E4M3FNUZ = 17,
    FRC_DTYPE_FLOAT8_E5M2FNUZ = 18,
    FRC_DTYPE_COMPLEX32 = 19,
    FRC_DTYPE_BYTES = 20,
} frc_dtype;

#endif
