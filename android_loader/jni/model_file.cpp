#include "model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "posix.h"

namespace frc {

namespace {

constexpr size_t PATH_LIMIT = 4096;
constexpr char TEMPORARY_START[] = ".frc-";
constexpr char TEMPORARY_END[] = ".tmp";

/// The folder of a path, and a temporary file in it.
struct Paths {
    char folder[PATH_LIMIT];  // "dir/", or "./"
    char temporary[PATH_LIMIT];
};

size_t append(char *text, size_t at, const char *more) {
    const size_t length = strlen(more);
    memcpy(text + at, more, length + 1);
    return at + length;
}

size_t append_number(char *text, size_t at, unsigned number) {
    char digits[12];
    size_t first = sizeof digits - 1;
    digits[first] = 0;
    do {
        digits[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return append(text, at, digits + first);
}

/// False if the path of the temporary file would be too long.
bool find_folder(const char *path, Paths *paths) {
    const char *name = strrchr(path, '/');
    const size_t length = name == nullptr ? 0 : static_cast<size_t>(name - path) + 1;
    if (length + 64 > PATH_LIMIT) return false;
    memcpy(paths->folder, path, length);
    paths->folder[length] = 0;
    if (length == 0) append(paths->folder, 0, "./");
    return true;
}

/// Create the temporary file. The number makes its name unique in the process, and O_EXCL refuses any other file.
int create_temporary(Paths *paths) {
    static unsigned next = 0;
    for (int attempt = 0; attempt < 1000; attempt++) {
        size_t at = append(paths->temporary, 0, paths->folder);
        at = append(paths->temporary, at, TEMPORARY_START);
        at = append_number(paths->temporary, at, static_cast<unsigned>(getpid()));
        at = append(paths->temporary, at, "-");
        at = append_number(paths->temporary, at, __atomic_fetch_add(&next, 1u, __ATOMIC_RELAXED));
        append(paths->temporary, at, TEMPORARY_END);
        const int descriptor = open(paths->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor >= 0 || errno != EEXIST) return descriptor;
    }
    return -1;
}

frc_status write_all(int descriptor, const uint8_t *bytes, size_t size) {
    while (size != 0) {
        const ssize_t written = write(descriptor, bytes, size < (1u << 30) ? size : (1u << 30));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return write_failure(written < 0 ? errno : EIO);
        bytes += written;
        size -= static_cast<size_t>(written);
    }
    return SUCCESS;
}

/// Buffers small writes, such as pieces of a skeleton. Larger ones than the buffer bypass it.
struct Writer {
    int descriptor;
    frc_status status = SUCCESS;
    size_t used = 0;
    uint8_t pending[16384];

    bool flush() {
        status = write_all(descriptor, pending, used);
        used = 0;
        return status.code == 0;
    }

    bool add(const uint8_t *bytes, size_t size) {
        if (size > sizeof pending - used && !flush()) return false;
        if (size > sizeof pending) {
            status = write_all(descriptor, bytes, size);
            return status.code == 0;
        }
        if (size != 0) memcpy(pending + used, bytes, size);
        used += size;
        return true;
    }
};

int add_to_writer(void *self, const void *bytes, size_t size) {
    return static_cast<Writer *>(self)->add(static_cast<const uint8_t *>(bytes), size) ? 0 : 1;
}

/// For file systems that cannot reserve space: on a full disk, write fails, while a store to a mapping raises a signal.
/// Also for address spaces too small for a mapping, since this needs memory for the largest tensor only.
frc_status rebuild_by_writing(const frc_file *file, int descriptor, const frc_work *work) {
    Writer writer = {};
    writer.descriptor = descriptor;
    const frc_status status = frc_rebuild(file, add_to_writer, &writer, work);
    if (writer.status.code != 0) return writer.status;
    if (status.code != 0) return status;
    writer.flush();
    return writer.status;
}

frc_status rebuild_to_descriptor(const frc_file *file, int descriptor, const frc_work *work) {
    const uint64_t size = frc_model_bytes(file);
    if (size == 0 || size > SIZE_MAX) return rebuild_by_writing(file, descriptor, work);
    int error;
    do {
        error = posix_fallocate64(descriptor, 0, static_cast<off64_t>(size));
    } while (error == EINTR);
    if (error == EOPNOTSUPP || error == ENOSYS || error == EINVAL) return rebuild_by_writing(file, descriptor, work);
    if (error != 0) return write_failure(error);
    const size_t mapped = static_cast<size_t>(size);
    void *start = mmap64(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (start == MAP_FAILED) return rebuild_by_writing(file, descriptor, work);
    const frc_status status = frc_rebuild_into(file, start, mapped, work);
    munmap(start, mapped);
    return status;
}

/// Synchronize the rename. Errors are ignored: without it, a power failure can only restore the state before.
void synchronize_folder(const char *folder) {
    const Descriptor descriptor(open(folder, O_RDONLY | O_CLOEXEC));
    if (descriptor.number() >= 0) fsync(descriptor.number());
}

}  // namespace

frc_status rebuild_to_file(const frc_file *file, const char *path, const frc_work *work) {
    Paths paths;
    if (!find_folder(path, &paths)) return write_failure(ENAMETOOLONG);
    const Descriptor descriptor(create_temporary(&paths));
    if (descriptor.number() < 0) return write_failure(errno);
    frc_status status = rebuild_to_descriptor(file, descriptor.number(), work);
    // fsync includes writes through the mapping.
    if (status.code == 0 && fsync(descriptor.number()) != 0) status = write_failure(errno);
    if (status.code == 0 && rename(paths.temporary, path) != 0) status = write_failure(errno);
    if (status.code != 0) {
        unlink(paths.temporary);
        return status;
    }
    synchronize_folder(paths.folder);
    return SUCCESS;
}

}  // namespace frc
