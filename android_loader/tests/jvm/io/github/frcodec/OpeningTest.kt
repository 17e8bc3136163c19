package io.github.frcodec

import android.content.res.AssetManager
import android.os.ParcelFileDescriptor
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull

internal class OpeningTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private val network = vector("valid/network.frc")

    private fun codeOf(block: () -> FrcFile): FrcCode = assertFailsWith<FrcException> { block().close() }.code

    @Test
    fun `all sources give the same tensors`() {
        val expected = FrcFile.open(network).use(::digests)
        assertEquals(expected, FrcFile.open(mapped(network)).use(::digests))
        assertEquals(expected, FrcFile.open(direct(network.readBytes())).use(::digests))
        ParcelFileDescriptor.open(network, ParcelFileDescriptor.MODE_READ_ONLY).use { descriptor ->
            assertEquals(expected, FrcFile.open(descriptor, 0, network.length()).use(::digests))
        }
    }

    private fun digests(file: FrcFile) = file.tensors.associate { it.name to sha256(file.decode(it.name)) }

    @Test
    fun `a range may start anywhere, and its descriptor may be closed`() {
        for (offset in listOf(1, 4095, 4096, 4097, 70001)) {
            val container = File(folder, "container")
            container.writeBytes(ByteArray(offset) + network.readBytes() + ByteArray(7))
            val descriptor = ParcelFileDescriptor.open(container, ParcelFileDescriptor.MODE_READ_ONLY)
            val file = FrcFile.open(descriptor, offset.toLong(), network.length())
            descriptor.close()
            file.use {
                assertEquals(FrcFile.open(network).use(::digests), digests(it))
                assertEquals(sha256(network), it.sha256())
            }
        }
    }

    @Test
    fun `a range beyond the end is refused`() {
        ParcelFileDescriptor.open(network, ParcelFileDescriptor.MODE_READ_ONLY).use { descriptor ->
            assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(descriptor, 1, network.length()) })
            assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(descriptor, network.length() + 1, 0) })
            assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(descriptor, Long.MAX_VALUE, Long.MAX_VALUE) })
            assertFailsWith<IllegalArgumentException> { FrcFile.open(descriptor, -1, 5) }
            assertFailsWith<IllegalArgumentException> { FrcFile.open(descriptor, 0, -1) }
        }
    }

    @Test
    fun `a buffer is used from position to limit`() {
        val bytes = network.readBytes()
        val buffer = direct(ByteArray(3) + bytes + ByteArray(5))
        buffer.position(3).limit(3 + bytes.size)
        FrcFile.open(buffer).use { assertEquals(sha256(network), it.sha256()) }
        assertEquals(3, buffer.position())
    }

    @Test
    fun `a heap buffer is refused`() {
        val error = assertFailsWith<IllegalArgumentException> { FrcFile.open(ByteBuffer.wrap(network.readBytes())) }
        assertContains(error.message!!, "allocateDirect")
    }

    @Test
    fun `unreadable paths`() {
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(File(folder, "missing.frc")) })
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(folder) })
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(File("/dev/null")) })
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(File("x".repeat(5000))) })
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(File(network, "below")) })
        assertFailsWith<IllegalArgumentException> { FrcFile.open(File("a\u0000b")) }
        val error = assertFailsWith<FrcException> { FrcFile.open(File(folder, "missing.frc")) }
        assertContains(error.message!!, "missing.frc: There is no such file")
    }

    @Test
    fun `files of another kind`() {
        val file = File(folder, "model.frc").apply { writeBytes(ByteArray(0)) }
        assertEquals(FrcCode.TRUNCATED, codeOf { FrcFile.open(file) })
        assertEquals(FrcCode.TRUNCATED, codeOf { FrcFile.open(ByteBuffer.allocateDirect(0)) })
        file.writeText("something else that is long enough")
        assertEquals(FrcCode.BAD_MAGIC, codeOf { FrcFile.open(file) })
    }

    @Test
    fun `maxBytes limits the decoded size`() {
        val total = FrcFile.open(network).use { file -> file.tensors.sumOf { it.byteCount } }
        assertEquals(FrcCode.TOO_LARGE, codeOf { FrcFile.open(network, limit(total - 1)) })
        FrcFile.open(network, limit(total)).close()
        assertFailsWith<IllegalArgumentException> { limit(-1) }
    }

    private fun limit(maxBytes: Long) = FrcOptions.Builder().maxBytes(maxBytes).build()

    @Test
    fun `options keep their values, and a copy changes one of them`() {
        val lengths = mutableListOf(3L, 4L)
        val options =
            FrcOptions
                .Builder()
                .maxBytes(7)
                .width(lengths)
                .allowUnvalidated(true)
                .build()
        lengths[0] = 9
        val copy = options.newBuilder().maxBytes(8).build()
        for ((found, maxBytes) in listOf(options to 7L, copy to 8L)) {
            assertEquals("FrcOptions(maxBytes=$maxBytes, width=[3, 4], allowUnvalidated=true)", found.toString())
        }
        assertEquals(
            "FrcOptions(maxBytes=${FrcOptions.DEFAULT_MAX_BYTES}, width=null, allowUnvalidated=false)",
            FrcOptions.DEFAULT.toString(),
        )
    }

    @Test
    fun `an error that this version does not know keeps its number`() {
        val status = FrcStatus().apply { set(599, -1, 12, "Something new.") }
        val error = assertFailsWith<FrcException> { status.check("a file") }
        assertEquals(FrcCode.UNKNOWN, error.code)
        assertEquals(599, error.number)
        assertEquals("a file: Something new (section at byte 12, error 599)", error.message)
        val known = assertFailsWith<FrcException> { FrcFile.open(direct(ByteArray(0))) }
        assertEquals(FrcCode.TRUNCATED.number, known.number)
    }

    @Test
    fun `tensors have the metadata of the index`() {
        FrcFile.open(vector("valid/names.frc")).use { file ->
            assertEquals(file.tensors.size, file.tensors.distinctBy { it.name }.size)
            for (tensor in file.tensors) assertEquals(tensor, file[tensor.name])
            assertNull(file["no such name"])
        }
        FrcFile.open(fixture("large.frc")).use { file ->
            val tensor = assertNotNull(file["layer2.weight"])
            assertContentEquals(longArrayOf(256, 256, 3, 3), tensor.shape)
            assertEquals(FrcDType.FLOAT32, tensor.dtype)
            assertEquals(256L * 256 * 9 * 4, tensor.byteCount)
            assertEquals("safetensors", file.modelKind)
            tensor.shape[0] = 5
            assertEquals(256, tensor.shape[0])
        }
    }

    @Test
    fun `an asset is opened in place`() {
        val apk = apkOf("assets/a.txt" to true, "assets/models/größe.frc" to false)
        FrcFile.open(AssetManager(apk), "models/größe.frc").use {
            assertEquals(sha256(network), it.sha256())
            assertEquals(FrcFile.open(network).use(::digests), digests(it))
        }
    }

    @Test
    fun `an asset that is compressed or missing`() {
        val assets = AssetManager(apkOf("assets/model.frc" to true))
        val error = assertFailsWith<FrcException> { FrcFile.open(assets, "model.frc") }
        assertEquals(FrcCode.UNFIT_APP, error.code)
        assertContains(error.message!!, "noCompress += \"frc\"")
        assertEquals(FrcCode.READ_FAILED, codeOf { FrcFile.open(assets, "other.frc") })
    }

    /** A package of these names, deflated or not, each the network. */
    private fun apkOf(vararg names: Pair<String, Boolean>): File {
        val apk = File(folder, "app.apk")
        val bytes = network.readBytes()
        ZipOutputStream(apk.outputStream()).use { zip ->
            for ((name, deflated) in names) {
                val entry = ZipEntry(name)
                if (!deflated) {
                    entry.method = ZipEntry.STORED
                    entry.size = bytes.size.toLong()
                    entry.crc = CRC32().apply { update(bytes) }.value
                }
                zip.putNextEntry(entry)
                zip.write(bytes)
            }
        }
        return apk
    }
}
