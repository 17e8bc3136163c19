package io.github.frcodec

import java.lang.ref.WeakReference
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue

internal class ClosingTest : LeakChecked() {
    private val large = fixture("large.frc")
    private val expected = FrcFile.open(large).use { checksums(it.decode("layer0.weight")) }

    @Test
    fun `a closed file still has its tensors, and refuses everything but closing`() {
        val file = FrcFile.open(large)
        val tensors = file.tensors
        file.close()
        file.close()
        assertFailsWith<IllegalStateException> { file.decode("layer0.weight") }
        assertFailsWith<IllegalStateException> { file.modelBytes }
        assertFailsWith<IllegalStateException> { file.hasModel }
        assertFailsWith<IllegalStateException> { file.widths }
        assertFailsWith<IllegalStateException> { file.sha256() }
        assertFailsWith<IllegalStateException> { file.rebuild(java.io.File("/nowhere/model")) }
        assertEquals(4, tensors.size)
        assertEquals(tensors, file.tensors)
    }

    @Test
    fun `an open file holds little memory`() {
        FrcFile.open(large).use {
            assertTrue(NativeHeap.heldBytes() in 1..1_000_000, "${NativeHeap.heldBytes()} bytes")
        }
        assertEquals(0, NativeHeap.heldBytes())
    }

    @Test
    fun `failing to open leaves nothing`() {
        for (line in vectorList().filter { it[0] == "invalid" }) {
            runCatching { FrcFile.open(vector("invalid/${line[1]}")).close() }
            nothingLeaks()
        }
        runCatching { FrcFile.open(vector("valid/widths_network.frc"), atWidth(listOf(1, 2, 3))) }
    }

    @Test
    fun `closing lets a call in progress complete`() {
        val file = FrcFile.open(large)
        val closed = CountDownLatch(1)
        val running = CountDownLatch(1)
        val decoded = AtomicReference<String>()
        val decoder =
            thread {
                val buffer =
                    file.decode("layer0.weight") { _, _ ->
                        running.countDown()
                        closed.await()
                    }
                decoded.set(checksums(buffer))
            }
        running.await()
        file.close()
        assertTrue(NativeHeap.heldBytes() > 0)
        assertFailsWith<IllegalStateException> { file.decode("layer1.weight") }
        closed.countDown()
        decoder.join()
        assertEquals(expected, decoded.get())
        assertEquals(0, NativeHeap.heldBytes())
    }

    @Test
    fun `closing from a progress callback is deferred, too`() {
        val file = FrcFile.open(large)
        assertEquals(expected, checksums(file.decode("layer0.weight") { _, _ -> file.close() }))
        assertEquals(0, NativeHeap.heldBytes())
    }

    @Test
    fun `threads that open, decode and close in any order`() {
        val threads =
            List(8) { number ->
                thread {
                    repeat(20) {
                        val file = FrcFile.open(large)
                        val closer = thread { if (number % 2 == 0) file.close() }
                        try {
                            assertEquals(expected, checksums(file.decode("layer0.weight")))
                        } catch (e: IllegalStateException) {
                            assertEquals(0, number % 2)
                        }
                        closer.join()
                        file.close()
                    }
                }
            }
        threads.forEach { it.join() }
    }

    @Test
    fun `an unreachable file is closed by a later open`() {
        val reference = abandoned()
        for (attempt in 1..100) {
            System.gc()
            if (reference.get() == null) break
            Thread.sleep(20)
        }
        assertNull(reference.get())
        for (attempt in 1..100) {
            FrcFile.open(large).close()
            if (NativeHeap.heldBytes() == 0L) break
            Thread.sleep(20)
        }
        assertEquals(0, NativeHeap.heldBytes())
    }

    private fun abandoned() = WeakReference(FrcFile.open(large))

    @Test
    fun `a buffer lives as long as its file and no longer`() {
        val (file, buffer) = openBuffer()
        System.gc()
        assertEquals(expected, checksums(file.decode("layer0.weight")))
        file.close()
        for (attempt in 1..100) {
            System.gc()
            if (buffer.get() == null) break
            Thread.sleep(20)
        }
        assertNull(buffer.get())
        assertEquals(4, file.tensors.size)
    }

    private fun openBuffer() = direct(large.readBytes()).let { FrcFile.open(it) to WeakReference(it) }
}
