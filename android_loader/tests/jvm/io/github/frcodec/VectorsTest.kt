package io.github.frcodec

import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir
import java.io.File
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/**
 * Every file of the specification decodes to the bits, or fails with the code, that its manifest says. Runs with the
 * library that ships, so leaks are not checked here.
 */
internal class VectorsTest {
    @TempDir
    lateinit var folder: File

    @TestFactory
    fun valid(): List<DynamicTest> {
        val files = vectorList().filter { it[0] == "valid" }.groupBy { it[1] }
        assertTrue(files.isNotEmpty())
        return files.map { (name, lines) -> dynamicTest(name) { checkValid(vector("valid/$name"), lines) } }
    }

    @TestFactory
    fun invalid(): List<DynamicTest> {
        val files = vectorList().filter { it[0] == "invalid" }
        assertTrue(files.isNotEmpty())
        return files.map { (_, name, code) ->
            dynamicTest(name) {
                val error = assertFailsWith<FrcException> { readAll(vector("invalid/$name")) }
                assertEquals(code.toInt(), error.code.number, error.message)
            }
        }
    }

    private fun checkValid(
        path: File,
        lines: List<List<String>>,
    ) {
        val rebuilt = lines[0][2]
        FrcFile.open(path).use { file ->
            assertEquals(rebuilt != "-", file.hasModel)
            if (file.hasModel) assertEquals(rebuilt, rebuild(file))
        }
        val named = lines.filter { it.size > 3 }
        val widths = named.map { it[3] }.distinct()
        val validated = FrcFile.open(path).use { file -> file.widths.map { it.lengths.joinToString(",") } }
        assertEquals(validated.toSet(), widths.toSet() - "-")
        for (width in widths) checkEntries(path, width, named.filter { it[3] == width })
    }

    private fun checkEntries(
        path: File,
        width: String,
        lines: List<List<String>>,
    ) {
        val options = if (width == "-") FrcOptions.DEFAULT else atWidth(width.split(',').map { it.toLong() })
        FrcFile.open(path, options).use { file ->
            val expected = lines.associate { text(it[4]) to it[5] }
            assertEquals(expected, file.tensors.associate { it.name to sha256(file.decode(it.name)) })
        }
    }

    private fun rebuild(file: FrcFile): String {
        val target = File(folder, "model")
        file.rebuild(target)
        assertEquals(file.modelBytes, target.length())
        assertEquals(file.modelCrc32, crc32Of(target))
        return sha256(target)
    }

    private fun readAll(path: File) {
        val widths =
            FrcFile.open(path).use { file ->
                file.tensors.forEach { file.decode(it.name) }
                if (file.hasModel) rebuild(file)
                file.widths
            }
        for (width in widths) FrcFile.open(path, atWidth(width.lengths)).close()
    }

    private fun text(hexadecimal: String) =
        hexadecimal
            .chunked(2)
            .map {
                it.toInt(16).toByte()
            }.toByteArray()
            .decodeToString()
}
