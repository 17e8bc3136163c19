package io.github.frcodec

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.util.Collections
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger

/**
 * Owns a native handle. Frees it once, when it is closed and no call uses it.
 *
 * @param owner if this becomes unreachable before [close], a later [closeUnreachable] closes the handle
 * @param pointer the result of an open method of [FrcNative]
 * @param memory the caller's buffer if it holds the bytes of the file: kept reachable until the handle is freed
 */
internal class FrcHandle(
    owner: Any,
    private val pointer: Long,
    @Suppress("unused") private var memory: Any?,
) {
    /** The number of calls in progress, plus [CLOSED] once closed. The transition to exactly [CLOSED] frees the handle. */
    private val state = AtomicInteger()
    private val tracker = Tracker(owner, this).also(trackers::add)

    /** Calls [block] with the handle. Throws [IllegalStateException] once closed. */
    fun <T> use(block: (Long) -> T): T {
        check(state.getAndUpdate { if (it < CLOSED) it + 1 else it } < CLOSED) { "This FrcFile is closed." }
        try {
            return block(pointer)
        } finally {
            if (state.decrementAndGet() == CLOSED) free()
        }
    }

    /** Has no effect if closed already. */
    fun close() {
        if (state.getAndUpdate { if (it < CLOSED) it + CLOSED else it } == 0) free()
    }

    private fun free() {
        FrcNative.close(pointer)
        memory = null
        trackers.remove(tracker)
    }

    private class Tracker(
        owner: Any,
        val handle: FrcHandle,
    ) : PhantomReference<Any>(owner, unreachable)

    companion object {
        private const val CLOSED = 1 shl 30
        private val unreachable = ReferenceQueue<Any>()
        private val trackers = Collections.newSetFromMap(ConcurrentHashMap<Tracker, Boolean>())

        /** Closes the handles of unreachable owners. Called by every open, so that no thread has to wait for them. */
        fun closeUnreachable() {
            while (true) {
                val tracker = unreachable.poll() as Tracker? ?: return
                tracker.handle.close()
            }
        }
    }
}
