package io.github.frcodec

import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import java.nio.file.StandardOpenOption
import java.util.concurrent.Callable
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.Executors
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame
import kotlin.test.assertTrue

internal class DecodingTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private val large = fixture("large.frc")

    @Test
    fun `a new buffer is direct, native and ready to be read`() {
        FrcFile.open(large).use { file ->
            val buffer = file.decode("layer0.weight")
            assertTrue(buffer.isDirect)
            assertEquals(ByteOrder.nativeOrder(), buffer.order())
            assertEquals(0, buffer.position())
            assertEquals(file["layer0.weight"]!!.byteCount, buffer.remaining().toLong())
        }
    }

    @Test
    fun `decodes into a buffer from its position on`() {
        FrcFile.open(large).use { file ->
            val alone = file.decode("layer1.weight")
            val size = alone.remaining()
            val buffer = ByteBuffer.allocateDirect(size + 9)
            buffer.position(3).limit(size + 5)
            file.decode("layer1.weight", buffer)
            assertEquals(3 + size, buffer.position())
            assertEquals(size + 5, buffer.limit())
            assertEquals(alone, buffer.duplicate().flip().position(3))
            for (outside in listOf(0, 1, 2, size + 3, size + 8)) assertEquals(0, buffer.clear().get(outside))
        }
    }

    @Test
    fun `decodes into a slice and into a mapped file`() {
        FrcFile.open(large).use { file ->
            val size = file["layer3.weight"]!!.byteCount
            val slice = ByteBuffer.allocateDirect(size.toInt() + 8).position(8).slice()
            file.decode("layer3.weight", slice)
            val options = arrayOf(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)
            FileChannel.open(File(folder, "weights").toPath(), *options).use { channel ->
                val map = channel.map(FileChannel.MapMode.READ_WRITE, 0, size)
                file.decode("layer3.weight", map)
                assertEquals(slice.flip(), map.flip())
            }
        }
    }

    @Test
    fun `decodeAll equals decode`() {
        val files = listOf("streams_shared", "frequency_regularized", "views", "shapes", "network")
        for (path in files.map { vector("valid/$it.frc") } + large) {
            FrcFile.open(path).use { file ->
                val all = file.decodeAll()
                assertEquals(file.tensors.map { it.name }.toSet(), all.keys)
                for ((name, buffer) in all) assertEquals(file.decode(name), buffer, "$path: $name")
                val some = file.decodeAll(all.keys.take(1))
                assertEquals(all.entries.take(1).associate { it.toPair() }, some)
            }
        }
    }

    @Test
    fun `decodeAll of nothing, of an unknown name, and cancelled`() {
        FrcFile.open(large).use { file ->
            assertEquals(emptyMap(), file.decodeAll(emptyList()))
            val missing = assertFailsWith<FrcException> { file.decodeAll(listOf("layer0.weight", "no")) }
            assertEquals(FrcCode.UNKNOWN_TENSOR, missing.code)
            val reason = RuntimeException("enough")
            val stopped = assertFailsWith<RuntimeException> { file.decodeAll { _, _ -> throw reason } }
            assertSame(reason, stopped)
        }
    }

    @Test
    fun `unsuitable buffers are refused`() {
        FrcFile.open(large).use { file ->
            val size = file["layer0.weight"]!!.byteCount.toInt()
            assertFailsWith<IllegalArgumentException> { file.decode("layer0.weight", ByteBuffer.allocate(size)) }
            assertFailsWith<IllegalArgumentException> {
                file.decode(
                    "layer0.weight",
                    ByteBuffer.allocateDirect(size - 1),
                )
            }
            val readOnly = ByteBuffer.allocateDirect(size).asReadOnlyBuffer()
            assertFailsWith<IllegalArgumentException> { file.decode("layer0.weight", readOnly) }
        }
    }

    @Test
    fun `an unknown name`() {
        FrcFile.open(large).use { file ->
            assertEquals(FrcCode.UNKNOWN_TENSOR, assertFailsWith<FrcException> { file.decode("layer9") }.code)
            assertEquals(FrcCode.UNKNOWN_TENSOR, assertFailsWith<FrcException> { file.decode("") }.code)
        }
    }

    @Test
    fun `an error has name and offset, and leaves the position unchanged`() {
        val bytes = large.readBytes()
        bytes[bytes.size / 2] = (bytes[bytes.size / 2].toInt() xor 1).toByte()
        FrcFile.open(direct(bytes)).use { file ->
            val name = "layer2.weight"
            val buffer = ByteBuffer.allocateDirect(file[name]!!.byteCount.toInt())
            val error = assertFailsWith<FrcException> { file.decode(name, buffer) }
            assertEquals(0, buffer.position())
            assertEquals(FrcCode.BAD_CRC, error.code)
            assertEquals(name, error.tensor)
            assertTrue(error.offset in 4 until bytes.size, "${error.offset}")
            assertTrue("'$name'" in error.message!! && "byte ${error.offset}" in error.message!!, error.message)
        }
    }

    @Test
    fun `eight threads at once get the same as one`() {
        FrcFile.open(large).use { file ->
            val expected = file.tensors.associate { it.name to checksums(file.decode(it.name)) }
            val names = expected.keys.toList()
            val start = CyclicBarrier(8)
            val threads = Executors.newFixedThreadPool(8)
            val results =
                threads.invokeAll(
                    List(8) { number ->
                        Callable {
                            start.await()
                            names.indices.associate { i -> decoded(file, names[(i + number) % names.size]) }
                        }
                    },
                )
            for (result in results) assertEquals(expected, result.get())
            threads.shutdown()
        }
    }

    private fun decoded(
        file: FrcFile,
        name: String,
    ) = name to checksums(file.decode(name))

    @Test
    fun `progress increases to the total`() {
        FrcFile.open(large).use { file ->
            val size = file["layer0.weight"]!!.byteCount
            val seen = mutableListOf<Long>()
            file.decode("layer0.weight") { done, total ->
                assertEquals(size, total)
                seen += done
            }
            assertEquals(seen.sorted(), seen)
            assertEquals(size, seen.last())
        }
    }

    @Test
    fun `progress is not called for empty tensors`() {
        FrcFile.open(vector("valid/shapes.frc")).use { file ->
            val empty = file.tensors.first { it.byteCount == 0L }
            assertEquals(0, file.decode(empty.name) { _, total -> error("$total bytes") }.capacity())
        }
    }

    @Test
    fun `an exception from progress comes out unchanged`() {
        val thrown = InterruptedException("stop")
        FrcFile.open(large).use { file ->
            val caught = assertFailsWith<InterruptedException> { file.decode("layer0.weight") { _, _ -> throw thrown } }
            assertSame(thrown, caught)
            file.decode("layer0.weight")
        }
    }
}
