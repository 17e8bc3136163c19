// Framing of a file: header, sections, trailer (spec section 2).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "container/memory.h"

namespace frc {

/// A section: its payload, and its range in the file.
struct Section {
    Bytes payload;
    uint64_t start, end;  ///< offsets of its type byte and of the end of its checksum

    bool exists() const { return end != 0; }
};

/// All sections of a file. The checksums of data sections are verified on first use, those of the others by `read`.
class Sections {
  public:
    /// The file and the pool must outlive it. On an error `offset` is the start of the section concerned.
    Status read(Bytes file, Pool *pool, int64_t *offset);

    Section skeleton = {}, metadata = {}, index = {}, widths = {};

    /// Total size of the payloads of all data sections.
    uint64_t data_bytes() const { return data_bytes_; }

    /// Total size of the data sections before this one; number may be one past the last.
    uint64_t data_start(size_t number) const { return data_[number].first; }

    /// Number of the data section that holds byte `position` < `data_bytes` of their concatenation.
    size_t data_section(uint64_t position) const;

    /// The bytes of a data section from `position` to its end, after its checksum was verified. Thread-safe.
    /// Error: BAD_CRC.
    Status data(size_t number, uint64_t position, Bytes *bytes) const;

    /// Offset of a data section in the file.
    uint64_t offset_of(size_t number) const { return data_[number].section.start; }

  private:
    struct Data {
        Section section;
        uint64_t first;    // total size of the data sections before
        uint8_t verified;  // whether its checksum was verified; accessed atomically
    };

    Status walk(bool store, int64_t *offset);
    Status next(uint64_t *at, uint64_t end, int *type, Section *section) const;
    Status check(const Section &section) const;
    Status place(int type, const Section &section);

    Bytes file_ = {};
    Data *data_ = nullptr;
    size_t data_count_ = 0;
    uint64_t data_bytes_ = 0;
};

}  // namespace frc
