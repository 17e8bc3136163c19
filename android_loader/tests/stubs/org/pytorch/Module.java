package org.pytorch;

/** As much of PyTorch Mobile's class as this library uses. */
public class Module {
    /** Host only: who was asked to load, and what. */
    public final String loaded;

    Module(String loaded) {
        this.loaded = loaded;
    }

    public static Module load(String modelPath) {
        return new Module("TorchScript " + modelPath);
    }
}
