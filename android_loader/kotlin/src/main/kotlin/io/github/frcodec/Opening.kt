package io.github.frcodec

import android.content.res.AssetFileDescriptor
import android.content.res.AssetManager
import android.os.ParcelFileDescriptor
import java.io.File
import java.io.IOException

/** What the callers of every `open` choose. */
internal class Choices(
    val maxBytes: Long,
    val width: FrcWidth?,
    val progress: FrcProgress?,
)

/**
 * A native handle that nobody owns yet, and what can be told of it.
 *
 * @property label the file, for people
 * @property memory the buffer that the file's bytes are in, where that is the caller's
 */
internal class Opened(
    val label: String,
    val pointer: Long,
    val memory: Any?,
    val fullWidth: Boolean,
    val tensors: List<FrcTensor>,
)

/** Opens by calling [open], and sets the width. */
internal fun openHandle(
    label: String,
    choices: Choices,
    memory: Any? = null,
    open: (FrcStatus) -> Long,
): Opened {
    require(choices.maxBytes >= 0) { "A limit of ${choices.maxBytes} bytes is negative." }
    FrcHandle.freeForgotten()
    val status = FrcStatus()
    val pointer = open(status)
    status.check(label)
    try {
        val lengths = choices.width?.lengths
        if (lengths != null) setWidth(label, pointer, choices.width, choices.progress)
        val fullWidth = lengths == null || lengths == FrcNative.groups(pointer).asList()
        return Opened(label, pointer, memory, fullWidth, tensorsOf(pointer))
    } catch (e: Throwable) {
        FrcNative.close(pointer)
        throw e
    }
}

internal fun openRange(
    label: String,
    descriptor: ParcelFileDescriptor,
    offset: Long,
    length: Long,
    choices: Choices,
): Opened =
    openHandle(label, choices) {
        FrcNative.openDescriptor(descriptor.fd, offset, length, choices.maxBytes, it)
    }

private fun setWidth(
    label: String,
    pointer: Long,
    width: FrcWidth,
    progress: FrcProgress?,
) {
    val status = FrcStatus()
    FrcNative.setWidth(pointer, width.lengths.toLongArray(), width.force, progress, status)
    status.check("$label at the width ${width.lengths}", tensorsOf(pointer))
}

/** The tensors of an open handle that have a name. */
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

/** A path as the system takes it. */
internal fun pathOf(file: File): ByteArray {
    require('\u0000' !in file.path) { "The path has the character U+0000 in it." }
    return file.path.encodeToByteArray()
}

/** An asset's place in the app's package. */
internal fun openAsset(
    assets: AssetManager,
    name: String,
): AssetFileDescriptor {
    try {
        return assets.openFd(name)
    } catch (e: IOException) {
        throw if (isAsset(assets, name)) compressed(name, e) else missing(name, e)
    }
}

private fun isAsset(
    assets: AssetManager,
    name: String,
): Boolean =
    try {
        assets.open(name).close()
        true
    } catch (_: IOException) {
        false
    }

private fun compressed(
    name: String,
    cause: IOException,
) = FrcException(
    FrcCode.UNFIT_APP,
    "The asset $name is compressed in the app's package, so it cannot be mapped: write " +
        "androidResources { noCompress += \"frc\" } into the android block of the app's build.gradle.kts",
    cause = cause,
)

private fun missing(
    name: String,
    cause: IOException,
) = FrcException(FrcCode.READ_FAILED, "The app has no asset $name: it belongs in src/main/assets", cause = cause)
