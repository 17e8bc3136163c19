// As much of kotlinx.coroutines as the examples of docs/android.md use: signatures, and no code.
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
