// Signatures of kotlinx.coroutines that the examples of docs/android.md use, without code.
@file:Suppress("unused", "UnusedReceiverParameter", "UNUSED_PARAMETER")

package kotlinx.coroutines

import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext

public interface CoroutineScope

public object Dispatchers {
    @JvmStatic
    public val IO: CoroutineContext = EmptyCoroutineContext
}

public suspend fun <T> withContext(
    context: CoroutineContext,
    block: suspend CoroutineScope.() -> T,
): T = throw UnsupportedOperationException()

public fun CoroutineScope.ensureActive(): Unit = throw UnsupportedOperationException()
