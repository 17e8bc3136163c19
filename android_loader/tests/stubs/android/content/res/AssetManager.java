package android.content.res;

import android.os.ParcelFileDescriptor;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A stub of Android's class, which reads a package as Android does. */
public final class AssetManager {
    private static final int END_OF_DIRECTORY = 0x06054b50;

    private final File apk;

    /** Host only. */
    public AssetManager(File apk) {
        this.apk = apk;
    }

    public InputStream open(String fileName) throws IOException {
        try (ZipFile zip = new ZipFile(apk)) {
            return new ByteArrayInputStream(zip.getInputStream(entry(zip, fileName)).readAllBytes());
        }
    }

    public AssetFileDescriptor openFd(String fileName) throws IOException {
        try (ZipFile zip = new ZipFile(apk)) {
            ZipEntry entry = entry(zip, fileName);
            if (entry.getMethod() != ZipEntry.STORED) {
                throw new FileNotFoundException(
                        "This file can not be opened as a file descriptor; it is probably compressed");
            }
            ParcelFileDescriptor file = ParcelFileDescriptor.open(apk, ParcelFileDescriptor.MODE_READ_ONLY);
            return new AssetFileDescriptor(file, dataOffset(entry), entry.getSize());
        }
    }

    private static ZipEntry entry(ZipFile zip, String fileName) throws IOException {
        ZipEntry entry = zip.getEntry("assets/" + fileName);
        if (entry == null) {
            throw new FileNotFoundException(fileName);
        }
        return entry;
    }

    /** Where an entry's bytes start: its local header, which the central directory leads to, has names of its own. */
    private long dataOffset(ZipEntry wanted) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(apk, "r")) {
            long at = Integer.toUnsignedLong(read(file, endOfDirectory(file), 22).getInt(16));
            while (true) {
                ByteBuffer header = read(file, at, 46);
                int nameLength = header.getShort(28);
                byte[] name = read(file, at + 46, nameLength).array();
                if (new String(name, StandardCharsets.UTF_8).equals(wanted.getName())) {
                    long local = Integer.toUnsignedLong(header.getInt(42));
                    ByteBuffer lengths = read(file, local, 30);
                    return local + 30 + lengths.getShort(26) + lengths.getShort(28);
                }
                at += 46 + nameLength + header.getShort(30) + header.getShort(32);
            }
        }
    }

    private static long endOfDirectory(RandomAccessFile file) throws IOException {
        long at = file.length() - 22;
        while (read(file, at, 4).getInt(0) != END_OF_DIRECTORY) {
            at--;
        }
        return at;
    }

    private static ByteBuffer read(RandomAccessFile file, long at, int length) throws IOException {
        byte[] bytes = new byte[length];
        file.seek(at);
        file.readFully(bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
