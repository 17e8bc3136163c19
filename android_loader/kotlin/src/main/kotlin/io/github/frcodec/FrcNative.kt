package io.github.frcodec

import java.nio.ByteBuffer

/**
 * The native methods, jni/natives_*.cpp. Open methods return a handle, or 0 after a failure. Calls that use a handle may
 * overlap, but none may overlap [close] or [setWidth] of the same handle, nor follow [close]; [FrcHandle] ensures that.
 * Positions and numbers must be below the counts. Text is UTF-8.
 */
internal object FrcNative {
    init {
        System.loadLibrary("frcodec_jni")
    }

    @JvmStatic
    external fun openPath(
        path: ByteArray,
        maxBytes: Long,
        status: FrcStatus,
    ): Long

    @JvmStatic
    external fun openDescriptor(
        descriptor: Int,
        offset: Long,
        length: Long,
        maxBytes: Long,
        status: FrcStatus,
    ): Long

    /** Opens all bytes of a direct buffer, from 0 to its capacity. */
    @JvmStatic
    external fun openBuffer(
        buffer: ByteBuffer,
        maxBytes: Long,
        status: FrcStatus,
    ): Long

    @JvmStatic
    external fun close(handle: Long)

    /** Size of the .frc in bytes. */
    @JvmStatic
    external fun size(handle: Long): Long

    /** A range of bytes of the .frc. Must not be written, and must not be used after [close]. */
    @JvmStatic
    external fun view(
        handle: Long,
        offset: Long,
        size: Long,
    ): ByteBuffer

    @JvmStatic
    external fun entryCount(handle: Long): Int

    @JvmStatic
    external fun entryName(
        handle: Long,
        position: Int,
    ): ByteArray

    @JvmStatic
    external fun entryDType(
        handle: Long,
        position: Int,
    ): Int

    @JvmStatic
    external fun entryBytes(
        handle: Long,
        position: Int,
    ): Long

    @JvmStatic
    external fun entryShape(
        handle: Long,
        position: Int,
    ): LongArray

    /** Decodes an entry of [size] bytes into a direct buffer, from byte [offset] on. */
    @JvmStatic
    external fun decode(
        handle: Long,
        position: Int,
        buffer: ByteBuffer,
        offset: Int,
        size: Int,
        progress: FrcProgress?,
        status: FrcStatus,
    )

    /** Decodes entries into direct buffers of their sizes: one per entry, by position; null skips the entry. */
    @JvmStatic
    external fun decodeAll(
        handle: Long,
        buffers: Array<ByteBuffer?>,
        progress: FrcProgress?,
        status: FrcStatus,
    )

    @JvmStatic
    external fun hasModel(handle: Long): Boolean

    @JvmStatic
    external fun modelBytes(handle: Long): Long

    @JvmStatic
    external fun modelCrc32(handle: Long): Long

    @JvmStatic
    external fun modelKind(handle: Long): ByteArray

    @JvmStatic
    external fun rebuild(
        handle: Long,
        target: ByteArray,
        progress: FrcProgress?,
        status: FrcStatus,
    )

    @JvmStatic
    external fun groups(handle: Long): LongArray

    @JvmStatic
    external fun widthLabel(handle: Long): ByteArray

    @JvmStatic
    external fun widthCount(handle: Long): Int

    @JvmStatic
    external fun widthLengths(
        handle: Long,
        number: Int,
    ): LongArray

    @JvmStatic
    external fun widthScore(
        handle: Long,
        number: Int,
    ): ByteArray

    @JvmStatic
    external fun widthMultiplyAdds(
        handle: Long,
        number: Int,
    ): Long

    @JvmStatic
    external fun setWidth(
        handle: Long,
        lengths: LongArray,
        allowUnvalidated: Boolean,
        progress: FrcProgress?,
        status: FrcStatus,
    )
}
