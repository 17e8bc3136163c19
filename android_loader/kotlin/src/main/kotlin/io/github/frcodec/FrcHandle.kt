package io.github.frcodec

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.util.Collections
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger

/**
 * A native handle that is freed once, and not before the calls that use it have ended.
 *
 * @param owner where this becomes unreachable before [close], a later [freeForgotten] closes
 * @param pointer what an open method of [FrcNative] gave
 * @param memory the buffer that the file's bytes are in, where that is the caller's
 */
internal class FrcHandle(
    owner: Any,
    private val pointer: Long,
    @Suppress("unused") private var memory: Any?,
) {
    /** Calls that run, plus [CLOSED] once closed. Who brings it to exactly [CLOSED] frees the handle. */
    private val state = AtomicInteger()
    private val tracker = Tracker(owner, this).also(trackers::add)

    /** Throws [IllegalStateException] once closed. */
    fun <T> use(block: (Long) -> T): T {
        check(state.getAndUpdate { if (it < CLOSED) it + 1 else it } < CLOSED) { "This FrcFile is closed." }
        try {
            return block(pointer)
        } finally {
            if (state.decrementAndGet() == CLOSED) free()
        }
    }

    /** May be repeated. */
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
    ) : PhantomReference<Any>(owner, forgotten)

    companion object {
        private const val CLOSED = 1 shl 30
        private val forgotten = ReferenceQueue<Any>()
        private val trackers = Collections.newSetFromMap(ConcurrentHashMap<Tracker, Boolean>())

        /** Close the handles of unreachable owners. Every open calls it: no thread has to wait for them. */
        fun freeForgotten() {
            while (true) {
                val tracker = forgotten.poll() as Tracker? ?: return
                tracker.handle.close()
            }
        }
    }
}
