package io.github.frcodec

import java.nio.ByteBuffer

/**
 * The native methods, jni/frc_jni.cpp. A handle must come from one of the open methods, which give 0 where they failed,
 * and must be neither closed nor used by two threads while it is closed or its width set: [FrcHandle] sees to it.
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

    /** The buffer is direct and used from its first byte to its capacity. */
    @JvmStatic
    external fun openBuffer(
        buffer: ByteBuffer,
        maxBytes: Long,
        status: FrcStatus,
    ): Long

    @JvmStatic
    external fun close(handle: Long)

    /** Bytes of the .frc. */
    @JvmStatic
    external fun size(handle: Long): Long

    /** A part of the .frc; must neither be written nor outlive the handle. */
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

    /** Writes bytes offset … offset + size - 1 of a direct buffer; size is the entry's. */
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

    /** Fills whole direct buffers, one by position for each entry, null for what is not wanted. */
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
        force: Boolean,
        progress: FrcProgress?,
        status: FrcStatus,
    )

    /** Handles of the process that are not closed yet. */
    @JvmStatic
    external fun openHandles(): Long

    /** Native memory of the process that open handles hold, without mappings. */
    @JvmStatic
    external fun heldBytes(): Long
}
