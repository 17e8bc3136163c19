package io.github.frcodec

import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.concurrent.Callable
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

internal class CacheTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private val directory by lazy { File(folder, "deep/frcodec") }
    private val cache by lazy { FrcCache(directory) }
    private val large = fixture("large.frc")
    private val small = vector("valid/skeleton_plain.frc")
    private val expected = fixture("large.checksums").readText()

    /** The entry, and whether it had to be rebuilt. */
    private fun ask(
        source: File,
        name: String = "model",
        sha256: String? = null,
        verify: Boolean = false,
    ): Pair<File, Boolean> {
        var rebuilt = false
        val entry = FrcFile.open(source).use { cache.model(it, name, sha256, verify) { _, _ -> rebuilt = true } }
        return entry to rebuilt
    }

    private fun entries() = directory.list()!!.toSet() - "lock"

    @Test
    fun `rebuilds once`() {
        val (entry, rebuilt) = ask(large)
        assertTrue(rebuilt)
        assertEquals(expected, checksums(entry))
        assertEquals(entry to false, ask(large))
        assertEquals(entry to false, ask(large, sha256 = sha256(large)))
        assertEquals(entry to false, ask(large, verify = true))
        assertEquals(setOf(entry.name), entries())
    }

    @Test
    fun `a digest of another file does not find this one`() {
        val (entry, _) = ask(large)
        val (other, rebuilt) = ask(small, sha256 = sha256(large))
        assertTrue(rebuilt)
        assertNotEquals(entry, other)
        assertFailsWith<IllegalArgumentException> { ask(small, sha256 = "../etc") }
        assertFailsWith<IllegalArgumentException> { ask(small, sha256 = sha256(large).uppercase()) }
    }

    @Test
    fun `a name keeps the last of its files`() {
        val (first, _) = ask(large, "a")
        val (other, _) = ask(large, "b")
        val (second, _) = ask(small, "a")
        assertFalse(first.exists())
        assertEquals(setOf(other.name, second.name), entries())
    }

    @Test
    fun `retainOnly keeps the given names and files of others`() {
        ask(large, "a")
        val (kept, _) = ask(small, "größe/模型.frc")
        File(directory, "somebody's file").writeText("x")
        cache.retainOnly(setOf("größe/模型.frc", "not there"))
        assertEquals(setOf(kept.name, "somebody's file"), entries())
        cache.retainOnly(setOf())
        assertEquals(setOf("somebody's file"), entries())
    }

    @Test
    fun `an entry of the wrong size is rebuilt`() {
        val (entry, _) = ask(large)
        entry.appendBytes(ByteArray(1))
        assertEquals(entry to true, ask(large))
        assertEquals(expected, checksums(entry))
    }

    @Test
    fun `verify finds damage`() {
        val (entry, _) = ask(large)
        val bytes = entry.readBytes()
        bytes[bytes.size / 2] = (bytes[bytes.size / 2].toInt() xor 1).toByte()
        entry.writeBytes(bytes)
        assertEquals(entry to false, ask(large))
        assertEquals(entry to true, ask(large, verify = true))
        assertEquals(expected, checksums(entry))
    }

    @Test
    fun `sixteen threads rebuild once`() {
        val rebuilds = AtomicInteger()
        val start = CyclicBarrier(16)
        val threads = Executors.newFixedThreadPool(16)
        val results =
            threads.invokeAll(
                List(16) {
                    Callable {
                        FrcFile.open(large).use { file ->
                            start.await()
                            var mine = 0
                            val entry = FrcCache(directory).model(file, "model") { _, _ -> mine = 1 }
                            rebuilds.addAndGet(mine)
                            checksums(entry)
                        }
                    }
                },
            )
        assertEquals(setOf(expected), results.map { it.get() }.toSet())
        assertEquals(1, rebuilds.get())
        threads.shutdown()
    }

    @Test
    fun `temporary files of a killed process are removed`() {
        directory.mkdirs()
        File(directory, ".frc-123-0.tmp").writeText("half")
        ask(small)
        assertFalse(File(directory, ".frc-123-0.tmp").exists())
        File(directory, ".frc-123-1.tmp").writeText("half")
        cache.retainOnly(setOf("model"))
        assertEquals(1, entries().size)
    }

    @Test
    fun `cancelling leaves nothing and does not block the next`() {
        class Stop : Exception()
        FrcFile.open(large).use { file ->
            assertFailsWith<Stop> { cache.model(file, "model") { _, _ -> throw Stop() } }
        }
        assertEquals(setOf(), entries())
        assertTrue(ask(large).second)
    }

    @Test
    fun `a progress callback must not use the cache`() {
        FrcFile.open(large).use { file ->
            assertFailsWith<IllegalStateException> {
                cache.model(file, "model") { _, _ -> FrcCache(directory).retainOnly(setOf()) }
            }
        }
        assertEquals(setOf(), entries())
    }

    @Test
    fun `a folder that cannot be created`() {
        val file = File(folder, "file").apply { writeText("x") }
        val error =
            assertFailsWith<FrcException> { FrcFile.open(small).use { FrcCache(File(file, "cache")).model(it, "m") } }
        assertEquals(FrcCode.WRITE_FAILED, error.code)
    }

    @Test
    fun `an interrupt ends waiting for the lock`() {
        Thread.currentThread().interrupt()
        val error = assertFailsWith<FrcException> { cache.retainOnly(setOf()) }
        assertTrue(Thread.interrupted())
        assertEquals(FrcCode.CANCELLED, error.code)
        cache.retainOnly(setOf())
    }

    @Test
    fun `an interrupt ends waiting for another thread's rebuild`() {
        val error = AtomicReference<Throwable>()
        val interrupted = AtomicBoolean()
        FrcFile.open(large).use { file ->
            var waiter: Thread? = null
            cache.model(file, "model") { _, _ ->
                val other =
                    waiter ?: thread {
                        error.set(runCatching { FrcCache(directory).model(file, "model") }.exceptionOrNull())
                        interrupted.set(Thread.currentThread().isInterrupted)
                    }
                waiter = other
                other.interrupt()
                other.join(60_000)
                assertFalse(other.isAlive)
            }
        }
        assertEquals(FrcCode.CANCELLED, (error.get() as FrcException).code)
        assertTrue(interrupted.get())
        assertEquals(1, entries().size)
    }

    @Test
    fun `a file of tensors only is refused`() {
        val error = assertFailsWith<FrcException> { ask(vector("valid/shapes.frc")) }
        assertEquals(FrcCode.BAD_OPTION, error.code)
    }
}
