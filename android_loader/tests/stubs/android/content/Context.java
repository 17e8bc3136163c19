package android.content;

import android.content.res.AssetManager;
import java.io.File;

/** A stub of Android's class. */
public abstract class Context {
    public abstract AssetManager getAssets();

    public abstract Context getApplicationContext();

    public abstract File getNoBackupFilesDir();
}
