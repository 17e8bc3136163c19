package org.pytorch;

/** PyTorch Mobile's class of this name, for tensors. */
public final class IValue {
    private final Tensor tensor;

    private IValue(Tensor tensor) {
        this.tensor = tensor;
    }

    public static IValue from(Tensor tensor) {
        return new IValue(tensor);
    }

    public Tensor toTensor() {
        return tensor;
    }
}
