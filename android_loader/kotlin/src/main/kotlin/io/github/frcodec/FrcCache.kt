package io.github.frcodec

import android.content.Context
import android.content.res.AssetManager
import java.io.File
import java.io.IOException
import java.security.MessageDigest

/**
 * A folder of rebuilt model files, so that an app rebuilds each of them once and later starts find it.
 *
 * Each model name has one entry: the model file of the .frc that was last requested by that name. After an update of the
 * app, the old entry is deleted before the new one is rebuilt, so there need be room for one only. [retainOnly] deletes
 * the entries of names that are no longer used.
 *
 * An entry's file name consists of a digest of the model's name, the SHA-256 of the .frc and the CRC-32 of the model
 * file. An entry is created by an atomic rename of a complete, verified and synchronized file. So an entry of the
 * expected size is complete, even after a power failure, and by default nothing else is checked; `verify` compares its
 * CRC-32 as well.
 *
 * **Threading.** Any number of threads and processes may use a folder at the same time: one rebuilds a model while the
 * others wait. All calls block, so call from `Dispatchers.IO`. Interrupting a thread that waits for another throws
 * [FrcCode.CANCELLED]; a rebuild is not interruptible, but may be cancelled by its progress callback. Temporary files of
 * a killed process are deleted by the next rebuild and by [retainOnly].
 *
 * **Closing.** There is nothing to close.
 *
 * @param directory a folder for this cache alone; created if missing. Exclude it from the system's backup
 */
public class FrcCache(
    private val directory: File,
) {
    /** The app's cache: the folder `frcodec` in `noBackupFilesDir`. */
    public constructor(context: Context) : this(File(context.noBackupFilesDir, "frcodec"))

    private val lock = DirectoryLock(directory)

    /**
     * Returns the model file of an .frc in the app's assets, and rebuilds it if needed. The other parameters are those of
     * [model] for an open file.
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
     * Returns the model file of an open .frc, and rebuilds it if needed. The caller keeps the .frc and must close it. The
     * cache owns the model file: do not write to it, and do not expect it to exist after another .frc is requested by
     * this name.
     *
     * @param name the app's name for this model, the same for all its versions
     * @param sha256 the SHA-256 of the .frc in lower-case hexadecimal, such as `frcodec bundle` writes; must be correct.
     *   If null, it is computed
     * @param verify whether to compare the CRC-32 of an existing entry; a damaged entry is rebuilt
     * @param progress reports a rebuild, and may cancel it
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
        require(sha256 == null || SHA256.matches(sha256)) { "sha256 must have 64 digits of 0-9a-f: '$sha256'" }
        val entry = File(directory, "${keyOf(name)}-${sha256 ?: file.sha256()}-${"%08x".format(file.modelCrc32)}")
        if (isValid(entry, file, verify)) return entry
        lock.withLock {
            delete { it != entry.name && keyPart(it) == keyOf(name) }
            if (!isValid(entry, file, verify)) file.rebuild(entry, progress)
        }
        return entry
    }

    /** Deletes the entries of all names but these. Models that are loaded already keep working. */
    @Throws(FrcException::class)
    public fun retainOnly(names: Set<String>) {
        val keys = names.map(::keyOf)
        lock.withLock { delete { keyPart(it) !in keys } }
    }

    /** Deletes these entries and all temporary files, but no files of others. Requires the lock. */
    private fun delete(isStale: (String) -> Boolean) {
        val names = directory.list().orEmpty()
        names.filter { isTemporary(it) || (isEntry(it) && isStale(it)) }.forEach { File(directory, it).delete() }
    }
}

private fun isValid(
    entry: File,
    file: FrcFile,
    verify: Boolean,
): Boolean = entry.isFile && entry.length() == file.modelBytes && (!verify || hasChecksum(entry, file.modelCrc32))

/** False if the entry cannot be read, so that it is rebuilt. */
private fun hasChecksum(
    entry: File,
    crc32: Long,
): Boolean =
    try {
        crc32Of(entry) == crc32
    } catch (_: IOException) {
        false
    }

/** A part of a file name for a model name of any length and script. */
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
