package org.pytorch;

/** As much of PyTorch Mobile's class as the sample uses. */
public class LiteModuleLoader {
    public static Module load(String modelPath) {
        throw new UnsupportedOperationException();
    }
}
