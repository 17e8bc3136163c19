package org.pytorch;

/** Signatures of PyTorch Mobile's class that the sample uses. */
public class LiteModuleLoader {
    public static Module load(String modelPath) {
        throw new UnsupportedOperationException();
    }
}
