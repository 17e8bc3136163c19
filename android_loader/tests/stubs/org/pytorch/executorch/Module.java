package org.pytorch.executorch;

/** As much of ExecuTorch's class as this library uses. */
public class Module {
    /** Host only: what was asked for. */
    public final String loaded;

    private Module(String loaded) {
        this.loaded = loaded;
    }

    public static Module load(String modelPath) {
        return new Module(modelPath);
    }
}
