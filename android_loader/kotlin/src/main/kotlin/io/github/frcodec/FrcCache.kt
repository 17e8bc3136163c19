package io.github.frcodec

import android.content.Context
import android.content.res.AssetManager
import java.io.File
import java.io.IOException
import java.security.MessageDigest

/**
 * Rebuilt model files, kept in a folder so that an app rebuilds each once and finds it at its next start.
 *
 * Entries are content-addressed: a file name consists of a digest of the model's name in the app, the SHA-256 of the
 * .frc, and the CRC-32 of the model file. An entry appears by renaming what is complete, verified and written out, so one
 * that is there with the right size is whole, also after a power failure; that is all that is looked at by default.
 * `verify` reads the file and compares its CRC-32 as well.
 *
 * Each name has one entry, of the .frc that was asked for last. After an update of the app the old model goes before the
 * new one is rebuilt, so that there need be room for one only. [retainOnly] removes those of names that are no longer
 * used.
 *
 * **Threads and processes.** Any number may use a folder at the same time; a model is rebuilt once, while the others wait.
 * What a killed process leaves behind is removed by the next rebuild and by [retainOnly]. All calls block, so call from
 * `Dispatchers.IO`. Interrupting a thread ends its waiting for others, with the code [FrcCode.CANCELLED], but not its own
 * rebuild: that is what progress is for. There is nothing to close.
 *
 * @param directory a folder for this cache alone; made when it is needed. It should be one that the system's backup
 *   leaves alone
 */
public class FrcCache(
    private val directory: File,
) {
    /** The cache of an app, the folder `frcodec` in `noBackupFilesDir`. */
    public constructor(context: Context) : this(File(context.noBackupFilesDir, "frcodec"))

    private val lock = DirectoryLock(directory)

    /**
     * The rebuilt model file of an .frc in the app's assets. See [model] of an open file for the parameters.
     *
     * @param asset path of the asset below `assets`, such as "model.frc"; also the model's name in this cache
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun model(
        assets: AssetManager,
        asset: String,
        sha256: String? = null,
        verify: Boolean = false,
        progress: FrcProgress? = null,
    ): File = FrcFile.open(assets, asset).use { model(it, asset, sha256, verify, progress) }

    /**
     * The rebuilt model file of an open .frc, which remains the caller's. The model file is the cache's: read only, and
     * there until another .frc is asked for by this name.
     *
     * @param name what the app calls this model, whatever its version
     * @param sha256 SHA-256 of the .frc in lower-case hexadecimal, where it is known for certain, such as from what
     *   `frcodec bundle` writes; null computes it
     * @param verify whether to read an entry that is there and to compare its checksum; one that is damaged is rebuilt
     * @param progress follows a rebuild; an exception from it ends this call, and leaves nothing
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun model(
        file: FrcFile,
        name: String,
        sha256: String? = null,
        verify: Boolean = false,
        progress: FrcProgress? = null,
    ): File {
        if (!file.hasModel) throw file.noModel()
        require(sha256 == null || SHA256.matches(sha256)) { "'$sha256' is not a SHA-256: 64 digits 0-9a-f." }
        val entry = File(directory, "${keyOf(name)}-${sha256 ?: file.sha256()}-${"%08x".format(file.modelCrc32)}")
        if (isWhole(entry, file, verify)) return entry
        lock.hold {
            remove { it != entry.name && keyPart(it) == keyOf(name) }
            if (!isWhole(entry, file, verify)) file.rebuild(entry, progress)
        }
        return entry
    }

    /** Removes the entries of all names but these. Models that are loaded are not affected. */
    @Throws(FrcException::class)
    public fun retainOnly(names: Set<String>) {
        val keys = names.map(::keyOf)
        lock.hold { remove { keyPart(it) !in keys } }
    }

    /** Removes such entries, and what killed processes left. Files that are not of this cache are not touched. */
    private fun remove(stale: (String) -> Boolean) {
        val names = directory.list().orEmpty()
        names.filter { isTemporary(it) || (isEntry(it) && stale(it)) }.forEach { File(directory, it).delete() }
    }
}

private fun isWhole(
    entry: File,
    file: FrcFile,
    verify: Boolean,
): Boolean = entry.isFile && entry.length() == file.modelBytes && (!verify || hasChecksum(entry, file.modelCrc32))

/** Of an entry that cannot be read: no, so that it is rebuilt. */
private fun hasChecksum(
    entry: File,
    crc32: Long,
): Boolean =
    try {
        crc32Of(entry) == crc32
    } catch (_: IOException) {
        false
    }

/** Names of any length and script, as a part of a file name. */
private fun keyOf(name: String): String {
    val digest = MessageDigest.getInstance("SHA-256").digest(name.encodeToByteArray())
    return hexadecimal(digest).substring(0, KEY_DIGITS)
}

private fun isTemporary(fileName: String) = TEMPORARY.matches(fileName)

private fun isEntry(fileName: String) = ENTRY.matches(fileName)

private fun keyPart(entry: String) = entry.substring(0, KEY_DIGITS)

private const val KEY_DIGITS = 16
private val SHA256 = Regex("[0-9a-f]{64}")
private val TEMPORARY = Regex("\\.frc-.*\\.tmp")
private val ENTRY = Regex("[0-9a-f]{$KEY_DIGITS}-[0-9a-f]{64}-[0-9a-f]{8}")
