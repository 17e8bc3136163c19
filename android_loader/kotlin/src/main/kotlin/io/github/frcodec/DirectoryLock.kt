package io.github.frcodec

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.channels.FileLockInterruptionException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/** The file in a folder that processes lock. */
private const val LOCK = "lock"

/**
 * Lets one thread of one process at a time into a folder. The system's locks on files belong to processes, and end with
 * them; threads need one of their own in front.
 */
internal class DirectoryLock(
    private val directory: File,
) {
    /** Makes the folder where it is missing. Must not be nested. */
    fun hold(block: () -> Unit) {
        val threads = locks.getOrPut(place(), ::ReentrantLock)
        check(!threads.isHeldByCurrentThread) { "A progress callback of an FrcCache must not use that cache." }
        threads.withLock {
            // Closing the file ends its lock.
            lockFile().use { file ->
                lock(file)
                block()
            }
        }
    }

    /** One name for the folder, whatever links lead to it. */
    private fun place(): String = orFail("found") { directory.canonicalPath }

    private fun lockFile(): RandomAccessFile {
        directory.mkdirs()
        return orFail("written") { RandomAccessFile(File(directory, LOCK), "rw") }
    }

    /** Waits for other processes; an interrupt ends that. */
    private fun lock(file: RandomAccessFile) = orFail("locked") { file.channel.lock() }

    private fun <T> orFail(
        participle: String,
        action: () -> T,
    ): T {
        try {
            return action()
        } catch (e: IOException) {
            val code = if (e is FileLockInterruptionException) FrcCode.CANCELLED else FrcCode.WRITE_FAILED
            throw FrcException(code, "The folder $directory of the cache cannot be $participle: $e", cause = e)
        }
    }

    private companion object {
        val locks = ConcurrentHashMap<String, ReentrantLock>()
    }
}
