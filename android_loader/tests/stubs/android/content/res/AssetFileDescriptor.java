package android.content.res;

import android.os.ParcelFileDescriptor;
import java.io.Closeable;
import java.io.IOException;

/** A stub of Android's class. */
public class AssetFileDescriptor implements Closeable {
    private final ParcelFileDescriptor file;
    private final long start;
    private final long length;

    public AssetFileDescriptor(ParcelFileDescriptor fd, long startOffset, long length) {
        this.file = fd;
        this.start = startOffset;
        this.length = length;
    }

    public ParcelFileDescriptor getParcelFileDescriptor() {
        return file;
    }

    public long getStartOffset() {
        return start;
    }

    public long getLength() {
        return length;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
