package io.github.frcodec

/** The memory of the library that only tests load: jni/CMakeLists.txt builds it with counting_heap.cpp. */
internal object NativeHeap {
    init {
        System.loadLibrary("frcodec_jni")
    }

    /** Native memory of the process that open handles hold, without mappings. 0 exactly if no handle is open. */
    @JvmStatic
    external fun heldBytes(): Long
}
