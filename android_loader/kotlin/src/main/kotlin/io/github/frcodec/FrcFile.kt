package io.github.frcodec

import android.content.res.AssetManager
import android.os.ParcelFileDescriptor
import java.io.Closeable
import java.io.File
import java.nio.ByteBuffer
import java.util.Collections

/**
 * An open .frc file: a set of tensors and, usually, the model file that they belong to.
 *
 * [open] reads the index and the skeleton. The bytes of the file are mapped, not copied. Decoded data is compared with
 * the checksums in the file before it is returned.
 *
 * **Threading.** Safe for use by any number of threads. Every call does its work on the calling thread and blocks it, so
 * call from `Dispatchers.IO` or a background thread. The library starts no threads.
 *
 * **Closing.** The caller of [open] owns the file and must close it, best with `use`. A call in progress on another
 * thread completes, and the last such call frees the memory; later calls throw [IllegalStateException]. Tensors and
 * buffers that the file has returned stay valid. A file that becomes unreachable without being closed is closed by a
 * later [open].
 *
 * **Failures** are [FrcException]s.
 */
public class FrcFile private constructor(
    opened: OpenedFile,
) : Closeable {
    private val label = opened.label
    private val handle = FrcHandle(this, opened.pointer, opened.memory)
    private val fullWidth = opened.fullWidth
    private val byName = opened.tensors.associateBy { it.name }

    @Volatile private var digest: String? = null

    /** The tensors that have a name, in the order of the file, at the width that it was opened at. */
    public val tensors: List<FrcTensor> = Collections.unmodifiableList(opened.tensors)

    /** The tensor of this name, or null. */
    public operator fun get(name: String): FrcTensor? = byName[name]

    /**
     * Decodes a tensor into a new direct buffer in native byte order, with position 0 and the limit at the end, as
     * `Tensor.fromBlob(buffer.asFloatBuffer(), tensor.shape)` takes it. The caller owns the buffer.
     *
     * On Android, memory of direct buffers counts towards the app's heap limit. To avoid that, [decode] into a buffer
     * from `FileChannel.map`.
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun decode(
        name: String,
        progress: FrcProgress? = null,
    ): ByteBuffer {
        val tensor = find(name)
        return allocate(tensor).also { decode(tensor, it, progress) }
    }

    /**
     * Decodes a tensor into a buffer, starting at its position, and advances the position by [FrcTensor.byteCount]. The
     * bytes are little-endian. After a failure the position is unchanged, and the bytes from it on are undefined.
     *
     * @param into direct and writable, with [FrcTensor.byteCount] bytes remaining; not to be used by others meanwhile
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun decode(
        name: String,
        into: ByteBuffer,
        progress: FrcProgress? = null,
    ) {
        val tensor = find(name)
        requireDirect(into)
        require(!into.isReadOnly) { "The buffer is read-only." }
        require(into.remaining() >= tensor.byteCount) {
            "$tensor has ${tensor.byteCount} bytes, and the buffer has ${into.remaining()} remaining."
        }
        decode(tensor, into, progress)
        advance(into, tensor.byteCount.toInt())
    }

    /**
     * Decodes several tensors, each into a new direct buffer as [decode] does. A stream that tensors share is decoded
     * once: for a network of a few hundred coefficients, this takes half the time of decoding them one by one.
     *
     * @param names all tensors by default
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun decodeAll(
        names: Collection<String> = byName.keys,
        progress: FrcProgress? = null,
    ): Map<String, ByteBuffer> {
        val status = FrcStatus()
        val decoded = names.associateWith { allocate(find(it)) }
        handle.use {
            val buffers = arrayOfNulls<ByteBuffer>(FrcNative.entryCount(it))
            // The address of an empty buffer may be null, which skips its entry: there is nothing to decode.
            decoded.forEach { (name, buffer) -> buffers[find(name).position] = buffer }
            FrcNative.decodeAll(it, buffers, progress, status)
        }
        status.check(label, tensors)
        return decoded
    }

    /** Whether [rebuild] is possible. False for files of tensors only, and for files opened at a smaller width. */
    public val hasModel: Boolean get() = handle.use(::hasModel)

    /** Size of the model file in bytes; 0 without one. */
    public val modelBytes: Long get() = handle.use { if (fullWidth) FrcNative.modelBytes(it) else 0 }

    /** CRC-32 of the model file, from 0 to 2³² − 1; 0 without one. */
    public val modelCrc32: Long get() = handle.use { if (fullWidth) FrcNative.modelCrc32(it) else 0 }

    /** The kind of the model file, such as "lite interpreter"; "" without one. */
    public val modelKind: String
        get() = handle.use { if (fullWidth) FrcNative.modelKind(it).decodeToString() else "" }

    /**
     * Rebuilds the model file at [target], atomically: the file is complete, verified and synchronized to the device
     * before it replaces what was there. After a failure [target] is unchanged.
     *
     * A process that is killed meanwhile leaves a temporary file `.frc-*.tmp` in the same folder, which [FrcCache]
     * removes.
     *
     * @param target in a folder that exists
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun rebuild(
        target: File,
        progress: FrcProgress? = null,
    ) {
        val status = FrcStatus()
        handle.use {
            if (!hasModel(it)) throw noModel()
            FrcNative.rebuild(it, pathOf(target), progress, status)
        }
        status.check("$label, rebuilt as $target", tensors)
    }

    /** The number of channels of each group at full width; empty if the file has full width only. */
    public val groups: List<Long> get() = handle.use { FrcNative.groups(it).asList() }

    /** The widths at which the network was validated, in the order of the file. */
    public val widths: List<FrcValidatedWidth> get() = handle.use(::widthsOf)

    /** The metric of [FrcValidatedWidth.score], as text for people. */
    public val scoreLabel: String get() = handle.use { FrcNative.widthLabel(it).decodeToString() }

    /** SHA-256 of the .frc in lower-case hexadecimal. The first call reads the whole .frc. */
    public fun sha256(): String = digest ?: handle.use(::digestOf).also { digest = it }

    /** Closes the file. Has no effect if it is closed already. */
    override fun close() {
        handle.close()
    }

    override fun toString(): String = "FrcFile($label)"

    private fun find(name: String): FrcTensor =
        byName[name] ?: throw FrcException(
            "$label: no tensor has the name '$name' (the file has ${byName.size} tensors with names)",
            FrcCode.UNKNOWN_TENSOR,
        )

    private fun decode(
        tensor: FrcTensor,
        into: ByteBuffer,
        progress: FrcProgress?,
    ) {
        val status = FrcStatus()
        val size = tensor.byteCount.toInt()
        handle.use { FrcNative.decode(it, tensor.position, into, into.position(), size, progress, status) }
        status.check(label, tensors)
    }

    private fun hasModel(pointer: Long) = fullWidth && FrcNative.hasModel(pointer)

    internal fun noModel(): FrcException =
        FrcException(
            "$label: the file has no model file, or was opened at a smaller width; its tensors can be decoded",
            FrcCode.BAD_OPTION,
        )

    public companion object {
        /**
         * Opens a file by its path. The file must not change while it is open; if it is truncated, the system ends the
         * process.
         *
         * @param progress reports the verification of a validated width, which decodes every tensor once
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            path: File,
            options: FrcOptions = FrcOptions.DEFAULT,
            progress: FrcProgress? = null,
        ): FrcFile = FrcFile(openPath(path, options, progress))

        /**
         * Opens [length] bytes of an open file from byte [offset] on. The caller keeps the descriptor and may close it
         * when this returns. The file must not change while it is open.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            descriptor: ParcelFileDescriptor,
            offset: Long,
            length: Long,
            options: FrcOptions = FrcOptions.DEFAULT,
            progress: FrcProgress? = null,
        ): FrcFile = FrcFile(openRange("a file descriptor", descriptor, offset, length, options, progress))

        /**
         * Opens the bytes of a direct or mapped buffer from its position to its limit. The file refers to the buffer
         * until it is closed; the bytes must not change until then.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            buffer: ByteBuffer,
            options: FrcOptions = FrcOptions.DEFAULT,
            progress: FrcProgress? = null,
        ): FrcFile = FrcFile(openBuffer(buffer, options, progress))

        /**
         * Opens an asset in place, without extracting it from the app's package. It must be stored, not compressed:
         * `androidResources { noCompress += "frc" }` in the app's build.gradle.kts.
         *
         * @param name path of the asset below `assets`, such as "model.frc"
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            assets: AssetManager,
            name: String,
            options: FrcOptions = FrcOptions.DEFAULT,
            progress: FrcProgress? = null,
        ): FrcFile = FrcFile(openAsset(assets, name, options, progress))
    }
}
