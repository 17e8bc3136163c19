package io.github.frcodec

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder

internal fun requireDirect(buffer: ByteBuffer) {
    require(buffer.isDirect) { "The buffer is on the Java heap: use ByteBuffer.allocateDirect or a mapped file." }
}

/** A direct buffer in native byte order for the elements of a tensor. */
internal fun allocate(tensor: FrcTensor): ByteBuffer {
    if (tensor.byteCount > Int.MAX_VALUE) {
        val message = "$tensor has ${tensor.byteCount} bytes, and a ByteBuffer holds at most ${Int.MAX_VALUE}"
        throw FrcException(message, FrcCode.TOO_LARGE, tensor = tensor.name)
    }
    try {
        return ByteBuffer.allocateDirect(tensor.byteCount.toInt()).order(ByteOrder.nativeOrder())
    } catch (e: OutOfMemoryError) {
        val message = "The virtual machine has no memory for the ${tensor.byteCount} bytes of $tensor"
        throw FrcException(message, FrcCode.OUT_OF_MEMORY, tensor = tensor.name, cause = e)
    }
}

/** Advances the position. Takes a [Buffer], since before API 28 ByteBuffer does not override `position(Int)`. */
internal fun advance(
    buffer: Buffer,
    bytes: Int,
) {
    buffer.position(buffer.position() + bytes)
}
