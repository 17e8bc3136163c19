package io.github.frcodec

import org.junit.jupiter.api.AfterEach
import java.io.File
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.StandardOpenOption
import java.security.MessageDigest
import java.util.zip.Adler32
import java.util.zip.CRC32
import kotlin.test.assertEquals

/** A file of spec/vectors, such as "valid/names.frc". */
internal fun vector(name: String) = File(property("frc.vectors"), name)

/** The list that tests/vectors.py writes. */
internal fun vectorList() = File(property("frc.list")).readLines().map { it.split('\t') }

/** A file that fixtures.py writes. */
internal fun fixture(name: String) = File(property("frc.fixtures"), name)

private fun property(name: String) =
    checkNotNull(System.getProperty(name)) { "The property $name is not set: android_loader/ci runs these tests." }

internal fun sha256(bytes: ByteBuffer): String {
    val digest = MessageDigest.getInstance("SHA-256")
    digest.update(bytes)
    return digest.digest().joinToString("") { "%02x".format(it) }
}

internal fun sha256(file: File): String = sha256(ByteBuffer.wrap(file.readBytes()))

/** CRC-32 and Adler-32 in hexadecimal: much faster than SHA-256 in a virtual machine without a JIT compiler. */
internal fun checksums(bytes: ByteBuffer): String =
    listOf(CRC32(), Adler32()).joinToString("") {
        it.update(bytes.duplicate())
        "%08x".format(it.value)
    }

internal fun checksums(file: File): String = checksums(ByteBuffer.wrap(file.readBytes()))

internal fun mapped(file: File): ByteBuffer =
    FileChannel.open(file.toPath(), StandardOpenOption.READ).use {
        it.map(FileChannel.MapMode.READ_ONLY, 0, it.size())
    }

internal fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).put(bytes).flip()

/** After every test all handles are closed and all native memory is freed. */
internal abstract class LeakChecked {
    @AfterEach
    fun nothingLeaks() {
        assertEquals(0, NativeHeap.heldBytes(), "bytes held")
    }
}

/** Options for a width. */
internal fun atWidth(
    width: List<Long>,
    allowUnvalidated: Boolean = false,
): FrcOptions =
    FrcOptions
        .Builder()
        .width(width)
        .allowUnvalidated(allowUnvalidated)
        .build()
