package io.github.frcodec

import org.junit.jupiter.api.io.TempDir
import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertSame

internal class RebuildingTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private val large = fixture("large.frc")
    private val expected = fixture("large.checksums").readText()

    private fun errorOf(
        target: File,
        source: File = large,
    ) = assertFailsWith<FrcException> { FrcFile.open(source).use { it.rebuild(target) } }

    private fun names() = folder.list()!!.toSet()

    @Test
    fun `replaces an existing file, readable by its owner only`() {
        val target = File(folder, "model.bin").apply { writeText("older") }
        FrcFile.open(large).use { it.rebuild(target) }
        assertEquals(expected, checksums(target))
        assertEquals(setOf("model.bin"), names())
        val permissions =
            java.nio.file.Files
                .getPosixFilePermissions(target.toPath())
                .map { it.name }
        assertEquals(setOf("OWNER_READ", "OWNER_WRITE"), permissions.toSet())
    }

    @Test
    fun `names in any script, up to the length limit of the system`() {
        for (name in listOf("größe 模型 \uD83D\uDE00", "x".repeat(255))) {
            FrcFile.open(large).use { it.rebuild(File(folder, name)) }
            assertEquals(setOf(name), names())
            File(folder, name).delete()
        }
        assertEquals(FrcCode.WRITE_FAILED, errorOf(File(folder, "x".repeat(256))).code)
        assertEquals(FrcCode.WRITE_FAILED, errorOf(File(folder, "x/".repeat(3000))).code)
        assertEquals(setOf(), names())
    }

    @Test
    fun `unwritable folders`() {
        val file = File(folder, "file").apply { writeText("kept") }
        for (target in listOf(File(folder, "missing/model"), File(file, "model"), File("/proc/frc-model"))) {
            val error = errorOf(target)
            assertEquals(FrcCode.WRITE_FAILED, error.code)
            assertContains(error.message!!, target.path)
        }
        assertEquals(setOf("file"), names())
    }

    @Test
    fun `a folder at the target stays`() {
        val target = File(folder, "model").apply { mkdir() }
        assertEquals(FrcCode.WRITE_FAILED, errorOf(target).code)
        assertEquals(setOf("model"), names())
        assertEquals(setOf(), target.list()!!.toSet())
    }

    @Test
    fun `damage leaves the target and no temporary file`() {
        val damaged = File(folder, "damaged.frc")
        val bytes = large.readBytes()
        bytes[bytes.size / 2] = (bytes[bytes.size / 2].toInt() xor 1).toByte()
        damaged.writeBytes(bytes)
        val target = File(folder, "model").apply { writeText("older") }
        assertEquals(3, errorOf(target, damaged).code.number / 100)
        assertEquals("older", target.readText())
        assertEquals(setOf("damaged.frc", "model"), names())
    }

    @Test
    fun `cancelling leaves nothing`() {
        class Stop : Error()
        FrcFile.open(large).use { file ->
            var calls = 0
            file.rebuild(File(folder, "model")) { _, _ -> calls++ }
            File(folder, "model").delete()
            for (last in 1..calls) {
                var left = last
                val stop = Stop()
                val caught =
                    assertFailsWith<Stop> {
                        file.rebuild(File(folder, "model")) { _, _ -> if (--left == 0) throw stop }
                    }
                assertSame(stop, caught)
                assertEquals(setOf(), names())
            }
        }
    }

    @Test
    fun `progress counts the bytes of the model file`() {
        FrcFile.open(large).use { file ->
            val seen = mutableListOf<Long>()
            file.rebuild(File(folder, "model")) { done, total ->
                assertEquals(file.modelBytes, total)
                seen += done
            }
            assertEquals(seen.sorted(), seen)
            assertEquals(file.modelBytes, seen.last())
        }
    }

    @Test
    fun `a file of tensors only is refused`() {
        FrcFile.open(vector("valid/shapes.frc")).use { file ->
            assertFalse(file.hasModel)
            assertEquals(FrcCode.BAD_OPTION, assertFailsWith<FrcException> { file.rebuild(File(folder, "m")) }.code)
            assertEquals(0, file.modelBytes)
            assertEquals("", file.modelKind)
        }
        assertEquals(setOf(), names())
    }

    @Test
    fun `at another width there is no model file`() {
        val path = vector("valid/widths_model_file.frc")
        val width = FrcFile.open(path).use { it.widths.first() }
        FrcFile.open(path, atWidth(width.lengths)).use { file ->
            assertFalse(file.hasModel)
            assertEquals(FrcCode.BAD_OPTION, assertFailsWith<FrcException> { file.rebuild(File(folder, "m")) }.code)
        }
        assertEquals(setOf(), names())
    }

    @Test
    fun `a width that was not validated has to be allowed`() {
        val path = vector("valid/widths_network.frc")
        val groups = FrcFile.open(path).use { it.groups }
        assertEquals(2, groups.size)
        val odd = groups.map { maxOf(1, it - 1) }
        val error = assertFailsWith<FrcException> { FrcFile.open(path, atWidth(odd)) }
        assertEquals(FrcCode.UNVALIDATED_WIDTH, error.code)
        FrcFile.open(path, atWidth(odd, allowUnvalidated = true)).use { narrow ->
            FrcFile.open(path).use { full ->
                assertEquals(full.tensors.map { it.name }, narrow.tensors.map { it.name })
                assert(narrow.tensors.sumOf { it.byteCount } < full.tensors.sumOf { it.byteCount })
            }
        }
    }
}
