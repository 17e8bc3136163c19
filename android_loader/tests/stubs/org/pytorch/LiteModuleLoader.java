package org.pytorch;

/** A stub of PyTorch Mobile's class. */
public class LiteModuleLoader {
    public static Module load(String modelPath) {
        return new Module("lite interpreter " + modelPath);
    }
}
