package org.pytorch.executorch;

/** A stub of ExecuTorch's class. */
public class Module {
    /** Host only: the path that was loaded. */
    public final String loaded;

    private Module(String loaded) {
        this.loaded = loaded;
    }

    public static Module load(String modelPath) {
        return new Module(modelPath);
    }
}
