package org.pytorch;

/** As much of PyTorch Mobile's class as the sample uses. */
public class IValue {
    public static IValue from(Tensor tensor) {
        throw new UnsupportedOperationException();
    }

    public Tensor toTensor() {
        throw new UnsupportedOperationException();
    }
}
