package org.pytorch;

import java.nio.FloatBuffer;

/** What lite_interpreter.cpp implements. */
final class NativeModule {
    static {
        System.loadLibrary("frcodec_lite_test");
    }

    private NativeModule() {}

    static native long load(String path);

    static native void destroy(long module);

    static native float[] forward(long module, FloatBuffer input, long[] shape, long[][] shapeOut);
}
