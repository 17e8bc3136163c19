package org.pytorch;

/** PyTorch Mobile's class of this name, as far as a test of one input and one output needs it. */
public final class Module {
    private long module;

    Module(long module) {
        this.module = module;
    }

    public static Module load(String path) {
        throw new UnsupportedOperationException("this test has the lite interpreter only; asked to load " + path);
    }

    public IValue forward(IValue... inputs) {
        Tensor input = inputs[0].toTensor();
        long[][] shape = new long[1][];
        float[] elements = NativeModule.forward(module, input.elements, input.shape(), shape);
        return IValue.from(new Tensor(java.nio.FloatBuffer.wrap(elements), shape[0]));
    }

    public void destroy() {
        NativeModule.destroy(module);
        module = 0;
    }
}
