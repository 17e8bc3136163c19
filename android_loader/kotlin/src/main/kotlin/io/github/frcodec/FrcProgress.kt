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
     * Called by the thread that called the library, about once for every million weights. Must not close the file or
     * use its cache.
     */
    public fun onProgress(
        doneBytes: Long,
        totalBytes: Long,
    )
}
