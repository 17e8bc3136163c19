package io.github.frcodec

import java.util.Collections

/**
 * Options of [FrcFile.open]. Immutable, so any number of threads may share it.
 * ```
 * val options = FrcOptions.Builder().maxBytes(64_000_000).width(listOf(64, 128)).build()
 * ```
 *
 * @property maxBytes limit for the decoded size of all tensors together, and for the size of the model file. A file
 *   that exceeds it is refused with [FrcCode.TOO_LARGE], before memory is allocated
 * @property width number of channels to keep of each of [FrcFile.groups]; null for full width
 * @property allowUnvalidated whether [width] may be one that is not among [FrcFile.widths]. If false, such a width is
 *   refused with [FrcCode.UNVALIDATED_WIDTH]
 */
public class FrcOptions private constructor(
    public val maxBytes: Long,
    public val width: List<Long>?,
    public val allowUnvalidated: Boolean,
) {
    /** A builder with the values of these options. */
    public fun newBuilder(): Builder = Builder().maxBytes(maxBytes).width(width).allowUnvalidated(allowUnvalidated)

    override fun toString(): String = "FrcOptions(maxBytes=$maxBytes, width=$width, allowUnvalidated=$allowUnvalidated)"

    /** Builds [FrcOptions]. Not for use by several threads at once. */
    public class Builder {
        private var maxBytes = DEFAULT_MAX_BYTES
        private var width: List<Long>? = null
        private var allowUnvalidated = false

        /** @param maxBytes from 0 on; [DEFAULT_MAX_BYTES] by default */
        public fun maxBytes(maxBytes: Long): Builder {
            require(maxBytes >= 0) { "maxBytes must not be negative: $maxBytes" }
            this.maxBytes = maxBytes
            return this
        }

        /** @param width a number from 1 on for each group of channels; copied. null, the default, for full width */
        public fun width(width: List<Long>?): Builder {
            this.width = width?.let { Collections.unmodifiableList(it.toList()) }
            return this
        }

        /** @param allowUnvalidated false by default */
        public fun allowUnvalidated(allowUnvalidated: Boolean): Builder {
            this.allowUnvalidated = allowUnvalidated
            return this
        }

        public fun build(): FrcOptions = FrcOptions(maxBytes, width, allowUnvalidated)
    }

    public companion object {
        /** The default of [maxBytes]: 2 GiB. */
        public const val DEFAULT_MAX_BYTES: Long = 1L shl 31

        /** Full width and [DEFAULT_MAX_BYTES]. */
        @JvmField
        public val DEFAULT: FrcOptions = Builder().build()
    }
}
