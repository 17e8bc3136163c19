package io.github.frcodec

/**
 * Receives the progress of a long call, and may cancel it.
 *
 * An exception thrown from [onProgress] ends the call, which throws that exception unchanged and leaves no partial
 * result. This is how coroutines cancel a call:
 * ```
 * withContext(Dispatchers.IO) {
 *     file.rebuild(target) { _, _ -> ensureActive() }
 * }
 * ```
 */
public fun interface FrcProgress {
    /**
     * Called on the thread of the call, about once for every million weights; not at all if there is nothing to decode.
     * Must not use the [FrcCache] of the call. [FrcFile.close] takes effect when the call returns.
     *
     * @param doneBytes from 0 to [totalBytes]; never decreases
     * @param totalBytes decoded size of the whole call, at least 1
     */
    public fun onProgress(
        doneBytes: Long,
        totalBytes: Long,
    )
}
