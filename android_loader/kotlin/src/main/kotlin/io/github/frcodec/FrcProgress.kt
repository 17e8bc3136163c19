package io.github.frcodec

/**
 * Follows a long call, and may stop it.
 *
 * An exception thrown from [onProgress] ends the call, which throws that very exception; nothing half done remains. So
 * coroutines cancel work like this:
 * ```
 * withContext(Dispatchers.IO) {
 *     file.rebuild(target) { _, _ -> ensureActive() }
 * }
 * ```
 */
public fun interface FrcProgress {
    /**
     * Called by the thread that called the library, about once for every million weights; never where there is nothing to
     * decode. Must not use the file's cache. Closing the file from here takes effect when the call ends.
     *
     * @param doneBytes from 0 to [totalBytes], never less than before
     * @param totalBytes what the call makes altogether, at least 1
     */
    public fun onProgress(
        doneBytes: Long,
        totalBytes: Long,
    )
}
