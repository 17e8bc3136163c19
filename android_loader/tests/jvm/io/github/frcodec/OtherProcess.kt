package io.github.frcodec

import java.io.File

/**
 * What [ProcessesTest] runs in a JVM of its own: asks the cache in a folder for the model of a file, and prints "ready" and
 * then, when it may go on, "rebuilt" or "found". With "stall", it stays in the middle of the rebuild and prints "half".
 */
internal fun main(arguments: Array<String>) {
    val (directory, source, task) = arguments
    FrcFile.open(File(source)).use { file ->
        println("ready")
        readln()
        var rebuilt = false
        FrcCache(File(directory)).model(file, "model") { done, total ->
            rebuilt = true
            if (task == "stall" && done > total / 2) {
                println("half")
                Thread.sleep(Long.MAX_VALUE)
            }
        }
        println(if (rebuilt) "rebuilt" else "found")
    }
}
