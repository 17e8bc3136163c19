package io.github.frcodec

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.channels.FileLockInterruptionException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.locks.ReentrantLock

/** Name of the file whose lock processes hold. */
private const val LOCK = "lock"

/**
 * A mutex for a folder, among all threads of all processes. File locks belong to processes, and end with them, so the
 * threads of a process take a [ReentrantLock] first.
 */
internal class DirectoryLock(
    private val directory: File,
) {
    /**
     * Calls [block] under the lock; creates the folder if it is missing. Not reentrant. If the thread is interrupted
     * while it waits, throws [FrcCode.CANCELLED] and leaves the thread interrupted.
     */
    fun withLock(block: () -> Unit) {
        val threads = locks.getOrPut(canonicalPath(), ::ReentrantLock)
        check(!threads.isHeldByCurrentThread) { "A progress callback of an FrcCache must not use that cache." }
        acquire(threads)
        try {
            // Closing the file releases its lock.
            lockFile().use { file ->
                orFail("locked") { file.channel.lock() }
                block()
            }
        } finally {
            threads.unlock()
        }
    }

    /** Without symbolic links, so that a folder has one lock. */
    private fun canonicalPath(): String = orFail("found") { directory.canonicalPath }

    private fun lockFile(): RandomAccessFile {
        directory.mkdirs()
        return orFail("written") { RandomAccessFile(File(directory, LOCK), "rw") }
    }

    private fun acquire(threads: ReentrantLock) {
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
            val message = "The folder $directory of the cache cannot be $participle: $e"
            throw FrcException(message, FrcCode.WRITE_FAILED, cause = e)
        }
    }

    private fun interrupted(cause: Exception): FrcException {
        val message = "The thread was interrupted while it waited for the folder $directory of the cache"
        return FrcException(message, FrcCode.CANCELLED, cause = cause)
    }

    private companion object {
        val locks = ConcurrentHashMap<String, ReentrantLock>()
    }
}
