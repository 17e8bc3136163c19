package io.github.frcodec

import android.os.ParcelFileDescriptor
import java.io.File
import java.nio.ByteBuffer

/**
 * A new native handle and what is known of its file.
 *
 * @property label the file, for messages
 * @property pointer the handle; whoever receives this must close it
 * @property memory the caller's buffer if it holds the bytes of the file
 */
internal class OpenedFile(
    val label: String,
    val pointer: Long,
    val memory: Any?,
    val fullWidth: Boolean,
    val tensors: List<FrcTensor>,
)

internal fun openPath(
    path: File,
    options: FrcOptions,
    progress: FrcProgress?,
): OpenedFile {
    val bytes = pathOf(path)
    return openHandle(path.path, options, progress) { FrcNative.openPath(bytes, options.maxBytes, it) }
}

internal fun openRange(
    label: String,
    descriptor: ParcelFileDescriptor,
    offset: Long,
    length: Long,
    options: FrcOptions,
    progress: FrcProgress?,
): OpenedFile {
    require(offset >= 0 && length >= 0) { "offset and length must not be negative: $offset, $length" }
    return openHandle(label, options, progress) {
        FrcNative.openDescriptor(descriptor.fd, offset, length, options.maxBytes, it)
    }
}

internal fun openBuffer(
    buffer: ByteBuffer,
    options: FrcOptions,
    progress: FrcProgress?,
): OpenedFile {
    requireDirect(buffer)
    val bytes = buffer.slice()
    return openHandle("a buffer", options, progress, bytes) { FrcNative.openBuffer(bytes, options.maxBytes, it) }
}

/** The path in UTF-8, as the system takes it. */
internal fun pathOf(file: File): ByteArray {
    require('\u0000' !in file.path) { "The path contains the character U+0000." }
    return file.path.encodeToByteArray()
}

private fun openHandle(
    label: String,
    options: FrcOptions,
    progress: FrcProgress?,
    memory: Any? = null,
    open: (FrcStatus) -> Long,
): OpenedFile {
    FrcHandle.closeUnreachable()
    val status = FrcStatus()
    val pointer = open(status)
    status.check(label)
    try {
        val width = options.width
        if (width != null) setWidth(label, pointer, width, options.allowUnvalidated, progress)
        val fullWidth = width == null || width == FrcNative.groups(pointer).asList()
        return OpenedFile(label, pointer, memory, fullWidth, tensorsOf(pointer))
    } catch (e: Throwable) {
        FrcNative.close(pointer)
        throw e
    }
}

private fun setWidth(
    label: String,
    pointer: Long,
    width: List<Long>,
    allowUnvalidated: Boolean,
    progress: FrcProgress?,
) {
    val status = FrcStatus()
    FrcNative.setWidth(pointer, width.toLongArray(), allowUnvalidated, progress, status)
    status.check("$label at width $width", tensorsOf(pointer))
}

/** The tensors with a name. Entries without one belong to the model file only. */
private fun tensorsOf(pointer: Long): List<FrcTensor> =
    (0 until FrcNative.entryCount(pointer)).mapNotNull { position ->
        val name = FrcNative.entryName(pointer, position)
        if (name.isEmpty()) return@mapNotNull null
        FrcTensor(
            name.decodeToString(),
            FrcNative.entryShape(pointer, position),
            FrcDType.of(FrcNative.entryDType(pointer, position)),
            FrcNative.entryBytes(pointer, position),
            position,
        )
    }
