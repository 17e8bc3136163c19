package android.content;

import android.content.res.AssetManager;
import java.io.File;

/** As much of Android's class as this library uses. */
public abstract class Context {
    public abstract AssetManager getAssets();

    public abstract Context getApplicationContext();

    public abstract File getNoBackupFilesDir();
}
