package org.pytorch;

/** Signatures of PyTorch Mobile's class that the sample uses. */
public class Module {
    public IValue forward(IValue... inputs) {
        throw new UnsupportedOperationException();
    }

    public void destroy() {
        throw new UnsupportedOperationException();
    }
}
