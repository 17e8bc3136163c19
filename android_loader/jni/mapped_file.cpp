#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix.h"

// Functions with the suffix 64 take 64-bit offsets in every C library, whatever its off_t.

namespace frc {

namespace {

/// Size of a regular file in bytes; an error for anything else.
frc_status size_of(int descriptor, uint64_t *size) {
    struct stat64 facts;
    if (fstat64(descriptor, &facts) != 0) return read_failure(errno);
    if (S_ISDIR(facts.st_mode)) return read_failure(EISDIR);
    if (!S_ISREG(facts.st_mode)) return failure(Code::READ_FAILED, "It is a pipe or a device, which cannot be mapped.");
    *size = static_cast<uint64_t>(facts.st_size);
    return SUCCESS;
}

}  // namespace

MappedFile::~MappedFile() {
    if (mapped_ != 0) munmap(const_cast<void *>(start_), mapped_);
}

frc_status MappedFile::map_path(const char *path) {
    const Descriptor descriptor(open(path, O_RDONLY | O_CLOEXEC));
    if (descriptor.number() < 0) return read_failure(errno);
    uint64_t size = 0;
    const frc_status status = size_of(descriptor.number(), &size);
    return status.code != 0 ? status : map_range(descriptor.number(), 0, size);
}

frc_status MappedFile::map_range(int descriptor, uint64_t offset, uint64_t length) {
    uint64_t size = 0;
    const frc_status status = size_of(descriptor, &size);
    if (status.code != 0) return status;
    if (offset > size || length > size - offset)
        return failure(Code::READ_FAILED, "The file ends before the range that was asked for.");
    if (length == 0) return SUCCESS;
    const size_t skipped = static_cast<size_t>(offset % static_cast<uint64_t>(getpagesize()));
    if (length > SIZE_MAX - skipped)
        return failure(Code::TOO_LARGE, "The file is larger than the addresses of this process.");
    const size_t mapped = static_cast<size_t>(length) + skipped;
    void *start = mmap64(nullptr, mapped, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off64_t>(offset - skipped));
    if (start == MAP_FAILED)
        return errno == ENOMEM ? failure(Code::OUT_OF_MEMORY, "No range of addresses is left for the file.")
                               : read_failure(errno);
    start_ = start;
    skipped_ = skipped;
    size_ = static_cast<size_t>(length);
    mapped_ = mapped;
    return SUCCESS;
}

}  // namespace frc
