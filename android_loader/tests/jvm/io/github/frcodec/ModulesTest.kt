package io.github.frcodec

import android.content.Context
import android.content.res.AssetManager
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.zip.CRC32
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import io.github.frcodec.executorch.FrcModule as ExecuTorchModule
import io.github.frcodec.pytorch.FrcModule as PyTorchModule

/** The modules for runtimes hand the rebuilt file to the right loader; the loaders are stand-ins. */
internal class ModulesTest : LeakChecked() {
    @TempDir
    lateinit var folder: File

    private inner class App(
        asset: File,
    ) : Context() {
        private val apk = File(folder, "app.apk")

        init {
            val bytes = asset.readBytes()
            ZipOutputStream(apk.outputStream()).use { zip ->
                zip.putNextEntry(
                    ZipEntry("assets/model.frc").apply {
                        method = ZipEntry.STORED
                        size = bytes.size.toLong()
                        crc = CRC32().apply { update(bytes) }.value
                    },
                )
                zip.write(bytes)
            }
        }

        override fun getAssets() = AssetManager(apk)

        override fun getApplicationContext() = this

        override fun getNoBackupFilesDir() = File(folder, "no_backup")
    }

    private fun check(
        loaded: String,
        asset: File,
    ) {
        val cached = File(folder, "no_backup/frcodec").listFiles()!!.single { it.name != "lock" }
        assertEquals(cached.path, loaded)
        val expected = File(folder, "expected")
        FrcFile.open(asset).use { it.rebuild(expected) }
        assertEquals(sha256(expected), sha256(cached))
    }

    @Test
    fun `a lite interpreter model`() {
        val loaded = PyTorchModule.load(App(fixture("lite.frc")), "model.frc").loaded
        check(loaded.removePrefix("lite interpreter "), fixture("lite.frc"))
    }

    @Test
    fun `a TorchScript model`() {
        val loaded = PyTorchModule.load(App(fixture("torchscript.frc")), "model.frc").loaded
        check(loaded.removePrefix("TorchScript "), fixture("torchscript.frc"))
    }

    @Test
    fun `what PyTorch Mobile cannot run`() {
        val error = assertFailsWith<FrcException> { PyTorchModule.load(App(fixture("large.frc")), "model.frc") }
        assertEquals(FrcCode.UNSUPPORTED_MODEL, error.code)
        assertContains(error.message!!, "'safetensors'")
    }

    @Test
    fun `an ExecuTorch program`() {
        val asset = fixture("executorch.frc")
        check(ExecuTorchModule.load(App(asset), "model.frc", sha256(asset)).loaded, asset)
    }

    @Test
    fun `what ExecuTorch cannot run`() {
        val error = assertFailsWith<FrcException> { ExecuTorchModule.load(App(fixture("lite.frc")), "model.frc") }
        assertEquals(FrcCode.UNSUPPORTED_MODEL, error.code)
        assertContains(error.message!!, "'lite interpreter'")
    }
}
