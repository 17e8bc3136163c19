package org.pytorch;

/** As much of PyTorch Mobile's class as the sample uses. */
public class Module {
    public IValue forward(IValue... inputs) {
        throw new UnsupportedOperationException();
    }

    public void destroy() {
        throw new UnsupportedOperationException();
    }
}
