package io.github.frcodec

import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.concurrent.TimeUnit
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Several processes and one cache. Not for an emulated JVM, which cannot start another one. */
@Tag("processes")
internal class ProcessesTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private val large = fixture("large.frc")
    private val expected = fixture("large.checksums").readText()

    private inner class Other(
        task: String,
    ) {
        private val process =
            ProcessBuilder(
                File(System.getProperty("java.home"), "bin/java").path,
                "-cp",
                System.getProperty("java.class.path"),
                "-Djava.library.path=${System.getProperty("java.library.path")}",
                "io.github.frcodec.OtherProcessKt",
                folder.path,
                large.path,
                task,
            ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        private val output = process.inputReader()

        init {
            assertEquals("ready", output.readLine())
        }

        fun start() = process.outputWriter().run { append("\n").flush() }

        fun line(): String? = output.readLine()

        fun kill() {
            process.destroyForcibly()
            assertTrue(process.waitFor(10, TimeUnit.SECONDS))
        }
    }

    private fun temporaries() = folder.list()!!.filter { it.startsWith(".frc-") }

    private fun ask(): Boolean {
        var rebuilt = false
        val entry = FrcFile.open(large).use { FrcCache(folder).model(it, "model") { _, _ -> rebuilt = true } }
        assertEquals(expected, checksums(entry))
        return rebuilt
    }

    @Test
    fun `three processes rebuild once`() {
        val others = List(3) { Other("run") }
        others.forEach { it.start() }
        assertEquals(listOf("found", "found", "rebuilt"), others.map { it.line()!! }.sorted())
        assertEquals(false, ask())
        assertEquals(listOf(), temporaries())
    }

    @Test
    fun `a process that is killed half way leaves nothing after the next use`() {
        val other = Other("stall")
        other.start()
        assertEquals("half", other.line())
        assertEquals(1, temporaries().size)
        other.kill()
        assertEquals(1, temporaries().size)
        assertTrue(ask())
        assertEquals(listOf(), temporaries())
        assertEquals(2, folder.list()!!.size)
    }

    @Test
    fun `a process that waits for a killed one rebuilds`() {
        val first = Other("stall")
        first.start()
        assertEquals("half", first.line())
        val second = Other("run")
        second.start()
        first.kill()
        assertEquals("rebuilt", second.line())
        assertEquals(false, ask())
        assertEquals(listOf(), temporaries())
    }
}
