package io.github.frcodec.sample

import android.content.Context
import android.graphics.Bitmap
import android.os.Debug
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import java.io.IOException
import java.util.concurrent.CancellationException
import java.util.concurrent.Executors

/** What the activity shows. */
internal sealed interface State {
    class Rebuilding(
        val percent: Int,
    ) : State

    object Opening : State

    object Running : State

    /** @property covered percentage of the pixels that belong to a car */
    class Found(
        val picture: Bitmap,
        val covered: Int,
        val report: LoadReport,
        val runMillis: Long,
        val nativeHeapBytes: Long,
    ) : State

    class Failed(
        val message: String,
    ) : State
}

/**
 * The background work of the activity, on one worker thread. Survives the recreation of the activity after a rotation,
 * until [end]. All functions must be called on the main thread.
 */
internal class Session(
    context: Context,
) {
    private val context = context.applicationContext
    private val worker = Executors.newSingleThreadExecutor()
    private val main = Handler(Looper.getMainLooper())

    @Volatile private var ended = false

    /** Used by the worker thread only. */
    private var segmenter: Segmenter? = null

    private var state: State = State.Opening

    /** Receives the current state when set, and every later one, on the main thread. */
    var watcher: ((State) -> Unit)? = null
        set(value) {
            field = value
            value?.invoke(state)
        }

    /** Finds the car in a picture. [read] is called on the worker thread, and may throw [IOException]. */
    fun show(read: (Context) -> Bitmap) =
        work {
            val network = segmenter ?: load().also { segmenter = it }
            post(State.Running)
            val picture = read(context)
            val start = SystemClock.elapsedRealtime()
            val mask = network.segment(picture)
            val runMillis = SystemClock.elapsedRealtime() - start
            val covered = 100 * mask.count { it } / mask.size
            val result = overlay(picture, mask, context.getColor(R.color.mask))
            post(State.Found(result, covered, network.report, runMillis, Debug.getNativeHeapAllocatedSize()))
        }

    /** Deletes the rebuilt model, as if the app had just been installed. */
    fun clearCache() =
        work {
            release()
            Segmenter.clearCache(context)
        }

    /** Cancels work in progress and frees the memory. */
    fun end() {
        ended = true
        watcher = null
        worker.execute(::release)
        worker.shutdown()
    }

    private fun load(): Segmenter {
        post(State.Opening)
        return Segmenter.load(context) { done, total ->
            if (ended) throw CancellationException()
            post(State.Rebuilding((100 * done / total).toInt()))
        }
    }

    private fun release() {
        segmenter?.close()
        segmenter = null
    }

    private fun work(task: () -> Unit) =
        worker.execute {
            try {
                if (!ended) task()
            } catch (_: CancellationException) {
                // The session has ended: there is no activity to show it.
            } catch (e: IOException) {
                post(State.Failed(e.message ?: e.toString()))
            } catch (e: SecurityException) {
                post(State.Failed(context.getString(R.string.failed_unreadable)))
            } catch (e: RuntimeException) {
                post(State.Failed(context.getString(R.string.failed_model, e.message)))
            } catch (e: LinkageError) {
                post(State.Failed(context.getString(R.string.failed_runtime, e.message)))
            }
        }

    private fun post(newState: State) {
        main.post {
            state = newState
            watcher?.invoke(newState)
        }
    }
}
