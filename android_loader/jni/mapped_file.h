// A range of a file, mapped for reading.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "frc.h"

namespace frc {

/// A range of a file in memory, read-only. The file must not be truncated while it is mapped: the system ends a process
/// that reads beyond the end. The descriptor may be closed after mapping.
class MappedFile {
  public:
    MappedFile() = default;
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile();

    /// Map all of a regular file. Once per object.
    frc_status map_path(const char *path);

    /// Map bytes offset … offset + length - 1 of an open file, which may start anywhere. Once per object.
    frc_status map_range(int descriptor, uint64_t offset, uint64_t length);

    /// Never null, also for an empty range.
    const uint8_t *data() const { return static_cast<const uint8_t *>(start_) + skipped_; }
    size_t size() const { return size_; }

  private:
    const void *start_ = "";
    size_t skipped_ = 0;
    size_t size_ = 0;
    size_t mapped_ = 0;
};

}  // namespace frc
