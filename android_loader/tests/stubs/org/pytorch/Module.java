package org.pytorch;

/** A stub of PyTorch Mobile's class. */
public class Module {
    /** Host only: the loader that was called, and the path. */
    public final String loaded;

    Module(String loaded) {
        this.loaded = loaded;
    }

    public static Module load(String modelPath) {
        return new Module("TorchScript " + modelPath);
    }
}
