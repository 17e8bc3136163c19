package io.github.frcodec

import android.content.res.AssetManager
import android.os.ParcelFileDescriptor
import java.io.Closeable
import java.io.File
import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.Collections

/**
 * An open .frc file: its tensors, and the model file that it can be turned back into.
 *
 * Opening reads index and skeleton only; the file's bytes are mapped, not copied. Whatever is decoded has been compared
 * with the file's digests before it is handed out.
 *
 * **Threads.** Any number may use a file at the same time; each call works on the thread that makes it and blocks it,
 * so call from `Dispatchers.IO` or a thread of your own. There are no hidden threads.
 *
 * **Closing.** Close it when done, best with `use`. Calls that run meanwhile come to their end first, and the memory goes
 * back with the last of them; later calls throw [IllegalStateException]. What a file has handed out stays valid. A
 * file that is forgotten without closing is closed when another is opened after the garbage collector has found it.
 *
 * All failures are [FrcException]s.
 */
public class FrcFile private constructor(
    opened: Opened,
) : Closeable {
    private val label = opened.label
    private val handle = FrcHandle(this, opened.pointer, opened.memory)
    private val fullWidth = opened.fullWidth
    private val byName = opened.tensors.associateBy { it.name }

    @Volatile private var digest: String? = null

    /** The tensors that have a name, in the file's order and at the width that it is open at. */
    public val tensors: List<FrcTensor> = Collections.unmodifiableList(opened.tensors)

    /** The tensor of this name, or null. */
    public operator fun get(name: String): FrcTensor? = byName[name]

    /**
     * Decodes a tensor into a new direct buffer in native byte order, from position 0 to its limit, ready for
     * `Tensor.fromBlob(buffer.asFloatBuffer(), tensor.shape)`. The buffer is the caller's.
     *
     * On Android such buffers count towards the memory limit of the app; [decode] into a buffer from
     * `FileChannel.map` does not.
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun decode(
        name: String,
        progress: FrcProgress? = null,
    ): ByteBuffer {
        val tensor = find(name)
        val buffer = allocate(tensor).order(ByteOrder.nativeOrder())
        decode(tensor, buffer, progress)
        return buffer
    }

    /**
     * Decodes a tensor into a buffer from its position on, which moves behind what was written, as with `put`. The bytes
     * are little-endian. If this fails, the position stays where it was and what is behind it is undefined.
     *
     * @param into direct and writable, with room for [FrcTensor.byteCount] bytes; nobody else may use these meanwhile
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
            "$tensor takes ${tensor.byteCount} bytes, and the buffer has room for ${into.remaining()}."
        }
        decode(tensor, into, progress)
        moveBy(into, tensor.byteCount.toInt())
    }

    /**
     * Decodes tensors together, each into a new direct buffer as [decode] does. What shares a stream is decoded once: of
     * a network of a few hundred coefficients that is all of it, so this takes half the time there.
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun decodeAll(
        names: Collection<String> = byName.keys,
        progress: FrcProgress? = null,
    ): Map<String, ByteBuffer> {
        val status = FrcStatus()
        val found = names.associateWith { allocate(find(it)).order(ByteOrder.nativeOrder()) }
        handle.use {
            val buffers = arrayOfNulls<ByteBuffer>(FrcNative.entryCount(it))
            // Addresses of empty buffers may be null, which would mean that they are not wanted: nothing is lost.
            found.forEach { (name, buffer) -> buffers[find(name).position] = buffer }
            FrcNative.decodeAll(it, buffers, progress, status)
        }
        status.check(label, tensors)
        return found
    }

    /** Whether there is a model file to [rebuild]: not in files of tensors only, nor at another than full width. */
    public val hasModel: Boolean get() = handle.use(::hasModel)

    /** Size of the model file in bytes; 0 without one. */
    public val modelBytes: Long get() = handle.use { if (fullWidth) FrcNative.modelBytes(it) else 0 }

    /** CRC-32 of the model file, from 0 to 2³² - 1; 0 without one. */
    public val modelCrc32: Long get() = handle.use { if (fullWidth) FrcNative.modelCrc32(it) else 0 }

    /** What kind of file the model file is, such as "lite interpreter"; "" without one. */
    public val modelKind: String
        get() = handle.use { if (fullWidth) FrcNative.modelKind(it).decodeToString() else "" }

    /**
     * Rebuilds the model file. It appears at [target] when it is complete, compared with its checksum and written out to
     * the device, and replaces what was there; if this fails, [target] stays what it was.
     *
     * Only a killed process leaves a temporary file `.frc-*.tmp` in the target's folder; [FrcCache] removes those.
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

    /** Lengths of the groups of channels at full width; empty if the file has full width only. */
    public val groups: List<Long> get() = handle.use { FrcNative.groups(it).asList() }

    /** The widths at which the network has been tried. */
    public val widths: List<FrcValidatedWidth>
        get() =
            handle.use { pointer ->
                List(FrcNative.widthCount(pointer)) { number ->
                    FrcValidatedWidth(
                        FrcNative.widthLengths(pointer, number).asList(),
                        FrcNative.widthScore(pointer, number).decodeToString(),
                        FrcNative.widthMultiplyAdds(pointer, number),
                    )
                }
            }

    /** What [FrcValidatedWidth.score] measures, for people. */
    public val scoreLabel: String get() = handle.use { FrcNative.widthLabel(it).decodeToString() }

    /**
     * The SHA-256 of the .frc in lower-case hexadecimal, which is the identity of its model. Reads the whole .frc the
     * first time.
     */
    public fun sha256(): String = digest ?: handle.use(::digestOf).also { digest = it }

    override fun close() {
        handle.close()
    }

    override fun toString(): String = "FrcFile($label)"

    private fun find(name: String): FrcTensor {
        val missing = "$label: there is no tensor '$name' among the ${byName.size} of the file"
        return byName[name] ?: throw FrcException(FrcCode.UNKNOWN_TENSOR, missing)
    }

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

    internal fun noModel(): FrcException {
        val sentence = "there is no model file in it, or not at this width; its tensors can be decoded"
        return FrcException(FrcCode.BAD_OPTION, "$label: $sentence")
    }

    public companion object {
        /**
         * Default of the `maxBytes` of every `open`: 2 GiB. It bounds the decoded bytes of all tensors together, and the
         * size of the model file; a file with more is refused, with the code [FrcCode.TOO_LARGE].
         */
        public const val DEFAULT_MAX_BYTES: Long = 1L shl 31

        /**
         * Opens a file by its path. It must not change while it is open; what is cut off while it is mapped ends the
         * process.
         *
         * @param width null for full width. A validated width is compared with its checksum first, which decodes every
         *   tensor once
         * @param progress follows that comparison
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            path: File,
            maxBytes: Long = DEFAULT_MAX_BYTES,
            width: FrcWidth? = null,
            progress: FrcProgress? = null,
        ): FrcFile {
            val choices = Choices(maxBytes, width, progress)
            return FrcFile(openHandle(path.path, choices) { FrcNative.openPath(pathOf(path), maxBytes, it) })
        }

        /**
         * Opens the bytes [offset] … [offset] + [length] - 1 of an open file, anywhere in it. The descriptor remains the
         * caller's and may be closed as soon as this returns; what is said of files opened by path holds here as well.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            descriptor: ParcelFileDescriptor,
            offset: Long,
            length: Long,
            maxBytes: Long = DEFAULT_MAX_BYTES,
            width: FrcWidth? = null,
            progress: FrcProgress? = null,
        ): FrcFile {
            require(offset >= 0 && length >= 0) { "A range of $length bytes from byte $offset on does not exist." }
            return FrcFile(
                openRange("a file descriptor", descriptor, offset, length, Choices(maxBytes, width, progress)),
            )
        }

        /**
         * Opens the bytes from a buffer's position to its limit. The buffer must be direct or mapped; it is kept as long
         * as the file is open, and its bytes must not change.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            buffer: ByteBuffer,
            maxBytes: Long = DEFAULT_MAX_BYTES,
            width: FrcWidth? = null,
            progress: FrcProgress? = null,
        ): FrcFile {
            requireDirect(buffer)
            val choices = Choices(maxBytes, width, progress)
            val bytes = buffer.slice()
            return FrcFile(openHandle("a buffer", choices, bytes) { FrcNative.openBuffer(bytes, maxBytes, it) })
        }

        /**
         * Opens an asset of the app where it lies in the app's package, without unpacking it. For that it must be
         * stored, not compressed: `androidResources { noCompress += "frc" }` in the app's build.gradle.kts.
         *
         * @param name path of the asset below `assets`, such as "model.frc"
         */
        @JvmStatic
        @JvmOverloads
        @Throws(FrcException::class)
        public fun open(
            assets: AssetManager,
            name: String,
            maxBytes: Long = DEFAULT_MAX_BYTES,
            width: FrcWidth? = null,
            progress: FrcProgress? = null,
        ): FrcFile =
            openAsset(assets, name).use {
                val choices = Choices(maxBytes, width, progress)
                FrcFile(openRange("the asset $name", it.parcelFileDescriptor, it.startOffset, it.length, choices))
            }
    }
}

private fun requireDirect(buffer: ByteBuffer) {
    require(buffer.isDirect) { "The buffer is on the Java heap: use ByteBuffer.allocateDirect or a mapped file." }
}

private fun allocate(tensor: FrcTensor): ByteBuffer {
    if (tensor.byteCount > Int.MAX_VALUE) {
        val sentence = "$tensor takes ${tensor.byteCount} bytes, and a ByteBuffer ends at ${Int.MAX_VALUE}"
        throw FrcException(FrcCode.TOO_LARGE, sentence, tensor.name)
    }
    try {
        return ByteBuffer.allocateDirect(tensor.byteCount.toInt())
    } catch (e: OutOfMemoryError) {
        val sentence = "$tensor takes ${tensor.byteCount} bytes, which the virtual machine does not have"
        throw FrcException(FrcCode.OUT_OF_MEMORY, sentence, tensor.name, cause = e)
    }
}

/** Compiled for a Buffer: older Androids lack the method that returns a ByteBuffer. */
private fun moveBy(
    buffer: Buffer,
    bytes: Int,
) {
    buffer.position(buffer.position() + bytes)
}
