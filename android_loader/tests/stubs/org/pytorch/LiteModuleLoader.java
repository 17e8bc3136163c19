package org.pytorch;

/** As much of PyTorch Mobile's class as this library uses. */
public class LiteModuleLoader {
    public static Module load(String modelPath) {
        return new Module("lite interpreter " + modelPath);
    }
}
