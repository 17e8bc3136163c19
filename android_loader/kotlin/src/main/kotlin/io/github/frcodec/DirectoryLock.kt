package io.github.frcodec

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.channels.FileLockInterruptionException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.locks.ReentrantLock

/** The file in a folder that processes lock. */
private const val LOCK = "lock"

/**
 * Lets one thread of one process at a time into a folder. The system's locks on files belong to processes, and end with
 * them; threads need one of their own in front.
 */
internal class DirectoryLock(
    private val directory: File,
) {
    /** Makes the folder where it is missing. Must not be nested. An interrupt ends waiting, and the thread stays interrupted. */
    fun hold(block: () -> Unit) {
        val threads = locks.getOrPut(place(), ::ReentrantLock)
        check(!threads.isHeldByCurrentThread) { "A progress callback of an FrcCache must not use that cache." }
        enter(threads)
        try {
            // Closing the file ends its lock.
            lockFile().use { file ->
                orFail("locked") { file.channel.lock() }
                block()
            }
        } finally {
            threads.unlock()
        }
    }

    /** One name for the folder, whatever links lead to it. */
    private fun place(): String = orFail("found") { directory.canonicalPath }

    private fun lockFile(): RandomAccessFile {
        directory.mkdirs()
        return orFail("written") { RandomAccessFile(File(directory, LOCK), "rw") }
    }

    private fun enter(threads: ReentrantLock) {
        try {
            threads.lockInterruptibly()
        } catch (e: InterruptedException) {
            Thread.currentThread().interrupt()
            throw interrupted(e)
        }
    }

    private fun <T> orFail(
        participle: String,
        action: () -> T,
    ): T {
        try {
            return action()
        } catch (e: FileLockInterruptionException) {
            throw interrupted(e)
        } catch (e: IOException) {
            val sentence = "The folder $directory of the cache cannot be $participle: $e"
            throw FrcException(FrcCode.WRITE_FAILED, sentence, cause = e)
        }
    }

    private fun interrupted(cause: Exception): FrcException {
        val sentence = "The thread was interrupted while it waited for the folder $directory of the cache"
        return FrcException(FrcCode.CANCELLED, sentence, cause = cause)
    }

    private companion object {
        val locks = ConcurrentHashMap<String, ReentrantLock>()
    }
}
