package org.pytorch;

import java.nio.FloatBuffer;

/** Signatures of PyTorch Mobile's class that the sample uses. */
public abstract class Tensor {
    public static FloatBuffer allocateFloatBuffer(int numElements) {
        throw new UnsupportedOperationException();
    }

    public static Tensor fromBlob(FloatBuffer data, long[] shape) {
        throw new UnsupportedOperationException();
    }

    public float[] getDataAsFloatArray() {
        throw new UnsupportedOperationException();
    }
}
