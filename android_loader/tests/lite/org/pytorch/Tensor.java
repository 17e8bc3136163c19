package org.pytorch;

import java.nio.FloatBuffer;

/** PyTorch Mobile's class of this name, for float32. */
public final class Tensor {
    final FloatBuffer elements;
    private final long[] shape;

    Tensor(FloatBuffer elements, long[] shape) {
        this.elements = elements;
        this.shape = shape.clone();
    }

    public static Tensor fromBlob(FloatBuffer data, long[] shape) {
        if (!data.isDirect()) {
            throw new IllegalArgumentException("the buffer must be direct");
        }
        return new Tensor(data, shape);
    }

    public long[] shape() {
        return shape.clone();
    }

    public float[] getDataAsFloatArray() {
        float[] copy = new float[elements.capacity()];
        elements.duplicate().get(copy, 0, copy.length);
        return copy;
    }
}
