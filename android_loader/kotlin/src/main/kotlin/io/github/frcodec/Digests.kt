package io.github.frcodec

import java.io.File
import java.io.FileInputStream
import java.security.MessageDigest
import java.util.zip.CRC32

/** SHA-256 of the .frc of an open handle, in lower-case hexadecimal. */
internal fun digestOf(pointer: Long): String {
    val digest = MessageDigest.getInstance("SHA-256")
    val size = FrcNative.size(pointer)
    for (offset in 0 until size step VIEW_BYTES) {
        digest.update(FrcNative.view(pointer, offset, minOf(VIEW_BYTES, size - offset)).asReadOnlyBuffer())
    }
    return hexadecimal(digest.digest())
}

internal fun hexadecimal(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }

/** CRC-32 of a file. */
internal fun crc32Of(file: File): Long {
    val crc = CRC32()
    val chunk = ByteArray(1 shl 16)
    FileInputStream(file).use { input ->
        while (true) {
            val count = input.read(chunk)
            if (count < 0) return crc.value
            crc.update(chunk, 0, count)
        }
    }
}

private const val VIEW_BYTES = 1L shl 30
