// Generated from spec/constants.toml by spec/generate.py: change it there.

package io.github.frcodec

/**
 * The cause of an [FrcException]. Later versions may add codes; some occur in the command-line tool only.
 *
 * @property number the same in every language, and never reused
 */
public enum class FrcCode(
    public val number: Int,
) {
    /** A comparison asked for by the user found a difference. */
    DIFFERS(101),

    /** An app package whose asset or libraries are not as Android needs them. */
    UNFIT_APP(102),

    /** An option, rule or argument that means nothing. */
    BAD_OPTION(201),

    /** A pattern that matches no tensor. */
    UNMATCHED_RULE(202),

    /** The output is there already. */
    OUTPUT_EXISTS(203),

    /** Bytes would go to a terminal. */
    BINARY_TO_TERMINAL(204),

    /** A name that the file does not hold. */
    UNKNOWN_TENSOR(205),

    /** An array that cannot be stored or does not fit. */
    BAD_TENSOR(206),

    /** A width that the file does not say it was validated at. */
    UNVALIDATED_WIDTH(207),

    /** An open file that was used after it was closed. */
    CLOSED_FILE(208),

    /** The file ends before a length says so. */
    TRUNCATED(301),

    /** Not an .frc file. */
    BAD_MAGIC(302),

    /** The last bytes do not lead to an index. */
    BAD_TRAILER(303),

    /** A section's bytes do not match its checksum. */
    BAD_CRC(304),

    /** A section that is misplaced, repeated, missing or of the wrong size. */
    BAD_SECTION(305),

    /** Not canonical msgpack, or of the wrong shape. */
    BAD_MSGPACK(306),

    /** Not one zstd frame with a declared size. */
    BAD_ZSTD(307),

    /** A tensor name that is repeated, too long or not UTF-8, or missing where one is needed. */
    BAD_NAME(308),

    /** A field of a tensor record out of its range. */
    BAD_RECORD(309),

    /** A view that leaves its tensor or points to no stored tensor. */
    BAD_VIEW(310),

    /** A level stream whose header, tables, words or end states are wrong. */
    BAD_STREAM(311),

    /** Holes or patches that overlap, run past the end or do not fit their tensor. */
    BAD_SKELETON(312),

    /** Decoded bytes do not match their checksum. */
    BAD_DIGEST(313),

    /** A decoded value is not finite in its dtype. */
    BAD_VALUE(314),

    /** A reserved bit is set. */
    RESERVED_BITS(315),

    /** A model file that is damaged. */
    BAD_MODEL(316),

    /** Channel axes or validated widths that do not fit the entries. */
    BAD_WIDTHS(317),

    /** Written by a later major version. */
    FUTURE_VERSION(401),

    /** A critical section of unknown type. */
    UNKNOWN_SECTION(402),

    /** An unknown dtype, coding, transform, region or flag. */
    UNKNOWN_FEATURE(403),

    /** More bytes than the caller's limit. */
    TOO_LARGE(404),

    /** A model file of a kind that is not read. */
    UNSUPPORTED_MODEL(405),

    /** Only possible with torch installed. */
    NEEDS_TORCH(406),

    /** The operating system refused to read. */
    READ_FAILED(501),

    /** The operating system refused to write. */
    WRITE_FAILED(502),

    /** The memory that was asked for is not there. */
    OUT_OF_MEMORY(503),

    /** The caller stopped the work. */
    CANCELLED(504),

    /** A code that this version of the library does not know; [FrcException.number] is its number. */
    UNKNOWN(-1),
    ;

    internal companion object {
        fun of(number: Int): FrcCode = values().firstOrNull { it.number == number } ?: UNKNOWN
    }
}
