package org.pytorch;

/** Signatures of PyTorch Mobile's class that the sample uses. */
public class IValue {
    public static IValue from(Tensor tensor) {
        throw new UnsupportedOperationException();
    }

    public Tensor toTensor() {
        throw new UnsupportedOperationException();
    }
}
