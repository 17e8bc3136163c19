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

/** What there is to be seen. */
internal sealed interface State {
    class Rebuilding(
        val percent: Int,
    ) : State

    object Opening : State

    object Looking : State

    /** @property covered percent of the picture that is taken for a car */
    class Found(
        val picture: Bitmap,
        val covered: Int,
        val cost: Cost,
        val runMillis: Long,
        val nativeHeapBytes: Long,
    ) : State

    class Failed(
        val message: String,
    ) : State
}

/**
 * The work of the activity, on a thread of its own: it goes on while the activity is made anew after a rotation, and
 * ends with [end]. To be called by the main thread.
 */
internal class Session(
    context: Context,
) {
    private val context = context.applicationContext
    private val worker = Executors.newSingleThreadExecutor()
    private val main = Handler(Looper.getMainLooper())

    @Volatile private var ended = false

    /** Of the worker alone. */
    private var segmenter: Segmenter? = null

    private var state: State = State.Opening

    /** Told the state at once and whenever it changes, by the main thread. */
    var watcher: ((State) -> Unit)? = null
        set(value) {
            field = value
            value?.invoke(state)
        }

    /** Find the car in the picture that [read] gives; it is called by the worker, and may throw [IOException]. */
    fun show(read: (Context) -> Bitmap) =
        work {
            val network = segmenter ?: load().also { segmenter = it }
            tell(State.Looking)
            val picture = read(context)
            val start = SystemClock.elapsedRealtime()
            val mask = network.find(picture)
            val runMillis = SystemClock.elapsedRealtime() - start
            val covered = 100 * mask.count { it } / mask.size
            val result = tinted(picture, mask, context.getColor(R.color.mask))
            tell(State.Found(result, covered, network.cost, runMillis, Debug.getNativeHeapAllocatedSize()))
        }

    /** Start over as if the app had just been installed. */
    fun forget() =
        work {
            release()
            Segmenter.forget(context)
        }

    /** Stop what runs, at the next chance, and give the memory back. */
    fun end() {
        ended = true
        watcher = null
        worker.execute(::release)
        worker.shutdown()
    }

    private fun load(): Segmenter {
        tell(State.Opening)
        return Segmenter.load(context) { done, total ->
            if (ended) throw CancellationException()
            tell(State.Rebuilding((100 * done / total).toInt()))
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
                // Nobody is there to be told.
            } catch (e: IOException) {
                tell(State.Failed(e.message ?: e.toString()))
            } catch (e: SecurityException) {
                tell(State.Failed(context.getString(R.string.failed_unreadable)))
            } catch (e: RuntimeException) {
                tell(State.Failed(context.getString(R.string.failed_model, e.message)))
            } catch (e: LinkageError) {
                tell(State.Failed(context.getString(R.string.failed_runtime, e.message)))
            }
        }

    private fun tell(news: State) {
        main.post {
            state = news
            watcher?.invoke(news)
        }
    }
}
