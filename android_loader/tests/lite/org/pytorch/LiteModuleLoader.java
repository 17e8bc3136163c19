package org.pytorch;

/** PyTorch Mobile's class of this name over desktop PyTorch's lite interpreter. */
public final class LiteModuleLoader {
    private LiteModuleLoader() {}

    public static Module load(String path) {
        return new Module(NativeModule.load(path));
    }
}
