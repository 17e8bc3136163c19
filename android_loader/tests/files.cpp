// Mapping and rebuilding files while system calls fail: files VECTORS_FOLDER FILE...
//
// Replaces the functions of the system by wrappers that fail on demand.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "mapped_file.h"
#include "model_file.h"
#include "testing.h"

using testing::Buffer;
using testing::check;

namespace {

constexpr uint64_t MOST_BYTES = uint64_t{1} << 28;
constexpr int READ_FAILED = 501, WRITE_FAILED = 502, CANCELLED = 504;

/// The errno with which each function fails; 0 for none.
struct Faults {
    int fallocate = 0, mmap = 0, fsync = 0, rename = 0;
    int write = 0;
    int writes_before = 0;           // that succeed
    size_t most_written = SIZE_MAX;  // bytes at once
    bool interrupted = false;        // every second write
} faults;

}  // namespace

extern "C" int posix_fallocate64(int file, off64_t offset, off64_t size) {
    if (faults.fallocate) return faults.fallocate;
    return fallocate64(file, 0, offset, size) == 0 ? 0 : errno;
}

extern "C" void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset) {
    if (!faults.mmap) return mmap(address, size, protection, flags, file, static_cast<off_t>(offset));
    errno = faults.mmap;
    return MAP_FAILED;
}

extern "C" int fsync(int file) {
    if (!faults.fsync) return fdatasync(file);
    errno = faults.fsync;
    return -1;
}

extern "C" int rename(const char *from, const char *to) {
    if (!faults.rename) return renameat(AT_FDCWD, from, AT_FDCWD, to);
    errno = faults.rename;
    return -1;
}

extern "C" ssize_t write(int file, const void *bytes, size_t size) {
    static bool odd = false;
    errno = faults.interrupted && (odd = !odd) ? EINTR : faults.writes_before-- > 0 ? 0 : faults.write;
    if (errno) return -1;
    const iovec piece = {const_cast<void *>(bytes), std::min(size, faults.most_written)};
    return writev(file, &piece, 1);
}

namespace {

std::set<std::string> names(const std::string &folder) {
    std::set<std::string> found;
    DIR *listing = opendir(folder.c_str());
    while (const dirent *entry = readdir(listing)) {
        if (entry->d_name[0] != '.' || entry->d_name[1] == 'f') found.insert(entry->d_name);
    }
    closedir(listing);
    return found;
}

/// A temporary folder, removed with its contents at the end.
struct Folder {
    std::string path = P_tmpdir "/frc-files-XXXXXX";

    Folder() { path = std::string(mkdtemp(path.data())) + "/"; }
    Folder(const Folder &) = delete;
    ~Folder() {
        for (const std::string &name : names(path)) unlink((path + name).c_str());
        rmdir(path.c_str());
    }
};

void store(const std::string &path, const Buffer &bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()), static_cast<long>(bytes.size()));
}

/// Both ways to rebuild: through a mapping, and by writing.
void check_ways(const std::string &name, const frc_file *file, const Buffer &expected) {
    const Folder temporary;
    const std::string folder = temporary.path, path = folder + "model";
    const auto try_with = [&](const std::string &what, const Faults &set) {
        store(path, Buffer(3, 'x'));
        faults = set;
        const frc_status status = frc::rebuild_to_file(file, path.c_str(), nullptr);
        faults = {};
        check(status.code == 0 && testing::contents(path) == expected, name + " " + what + ": " + status.message);
        struct stat facts;
        check(stat(path.c_str(), &facts) == 0 && (facts.st_mode & 0777) == 0600, name + " " + what + " is private");
        check(names(folder) == std::set<std::string>{"model"}, name + " " + what + " leaves nothing else");
    };
    Faults set;
    try_with("mapped", set);
    set.mmap = ENOMEM;
    try_with("without addresses", set);
    for (const int error : {EOPNOTSUPP, ENOSYS, EINVAL}) {
        set.fallocate = error;
        try_with("written", set);
    }
    set.interrupted = true;
    set.most_written = expected.size() / 100 + 1;
    try_with("written in pieces", set);
    const int before = open(".", O_RDONLY);
    check(chdir(folder.c_str()) == 0 && frc::rebuild_to_file(file, "here", nullptr).code == 0 &&
              testing::contents(folder + "here") == expected && fchdir(before) == 0,
          name + " without a folder");
    close(before);
}

void check_refusals(const std::string &name, const frc_file *file) {
    const Folder temporary;
    const std::string folder = temporary.path, path = folder + "model";
    const auto fail_with = [&](const std::string &what, const Faults &set, const frc_work *work, int code) {
        store(path, Buffer(3, 'x'));
        faults = set;
        const frc_status status = frc::rebuild_to_file(file, path.c_str(), work);
        faults = {};
        check(status.code == code, name + " " + what + ": " + std::to_string(status.code) + " " + status.message);
        check(testing::contents(path) == Buffer(3, 'x'), name + " " + what + " keeps the target");
        check(names(folder) == std::set<std::string>{"model"}, name + " " + what + " leaves nothing");
    };
    Faults set;
    const bool empty = frc_model_bytes(file) == 0;
    if (!empty) {
        set.fallocate = ENOSPC;
        fail_with("without space", set, nullptr, WRITE_FAILED);
        set.fallocate = EOPNOTSUPP;
        set.write = ENOSPC;
        for (set.writes_before = 0; set.writes_before < 3; ++set.writes_before) {
            if (set.writes_before * 16384 < static_cast<long>(frc_model_bytes(file)))
                fail_with("without space for writing", set, nullptr, WRITE_FAILED);
            set.most_written = 16384;
        }
    }
    set = {};
    set.fsync = EIO;
    fail_with("on a bad device", set, nullptr, WRITE_FAILED);
    set = {};
    set.rename = EACCES;
    fail_with("without permission", set, nullptr, WRITE_FAILED);
    const frc_work stop = {nullptr, [](void *, uint64_t, uint64_t) { return 1; }, nullptr, 0};
    for (const int error : {0, EOPNOTSUPP}) {
        set = {};
        set.fallocate = error;
        if (!empty) fail_with("cancelled", set, &stop, CANCELLED);
    }
}

/// Names that another process of this number has used are skipped.
void check_left_names(const std::string &name, const frc_file *file) {
    const Folder temporary;
    const std::string folder = temporary.path;
    for (int number = 0; number < 900; ++number)
        store(folder + ".frc-" + std::to_string(getpid()) + "-" + std::to_string(number) + ".tmp", {});
    check(frc::rebuild_to_file(file, (folder + "model").c_str(), nullptr).code == 0, name + " beside old names");
    check(names(folder).size() == 901, name + " leaves old names alone");
}

void check_rebuilding(const std::string &name, const Buffer &bytes) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    check(frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory).code == 0, name + " opens");
    Buffer expected(static_cast<size_t>(frc_model_bytes(file)));
    check(frc_rebuild_into(file, expected.data(), expected.size(), nullptr).code == 0, name + " rebuilds");
    check_ways(name, file, expected);
    check_refusals(name, file);
    check_left_names(name, file);
    const std::string file_name(300, 'x'), long_path(5000, 'x');
    check(frc::rebuild_to_file(file, file_name.c_str(), nullptr).code == WRITE_FAILED, name + " with a long name");
    check(frc::rebuild_to_file(file, (long_path + "/m").c_str(), nullptr).code == WRITE_FAILED, name + " far away");
    frc_close(file);
    check(heap.bytes() == 0, name + " gives its memory back");
}

void check_mapping() {
    const Folder temporary;
    const std::string folder = temporary.path, path = folder + "file";
    Buffer bytes(70000);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i >> 7);
    store(path, bytes);
    frc::MappedFile whole;
    check(whole.map_path(path.c_str()).code == 0 && whole.size() == bytes.size() &&
              std::equal(bytes.begin(), bytes.end(), whole.data()),
          "a whole file");
    const int file = open(path.c_str(), O_RDONLY);
    for (size_t offset = 0; offset <= bytes.size(); offset += 999) {
        frc::MappedFile range;
        const size_t size = std::min<size_t>(bytes.size() - offset, offset % 5000);
        check(range.map_range(file, offset, size).code == 0 && range.size() == size &&
                  std::equal(range.data(), range.data() + size, bytes.begin() + static_cast<long>(offset)),
              "a range from " + std::to_string(offset));
    }
    const auto refused = [&](int descriptor, uint64_t offset, uint64_t size) {
        frc::MappedFile range;
        return range.map_range(descriptor, offset, size).code == READ_FAILED && range.size() == 0;
    };
    check(refused(file, bytes.size(), 1) && refused(file, 1, bytes.size()) && refused(file, UINT64_MAX, 2) &&
              refused(file, 2, UINT64_MAX) && refused(file, bytes.size() + 1, 0),
          "a range beyond the end");
    int ends[2];
    check(pipe(ends) == 0 && refused(ends[0], 0, 0), "a pipe");
    check(refused(-1, 0, 1) && refused(987, 0, 1), "no descriptor");
    frc::MappedFile none, directory, empty;
    check(none.map_path((folder + "none").c_str()).code == READ_FAILED, "no file");
    check(directory.map_path(folder.c_str()).code == READ_FAILED, "a folder");
    store(path, {});
    check(empty.map_path(path.c_str()).code == 0 && empty.size() == 0 && empty.data() != nullptr, "an empty file");
}

}  // namespace

int main(int count, char **arguments) {
    check_mapping();
    for (int i = 2; i < count; ++i) {
        const std::string name = arguments[i];
        check_rebuilding(name, testing::contents(name[0] == '/' ? name : std::string(arguments[1]) + "/" + name));
    }
    return testing::verdict();
}
