// Framing: header, sections, trailer (spec section 2).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "container/memory.h"

namespace frc {

/// Payload of a section, and where it stands in the file.
struct Section {
    Bytes payload;
    uint64_t start, end;  ///< of its type, and behind its checksum

    bool exists() const { return end != 0; }
};

/// All sections of a file. Those that are not data have been compared with their checksums.
class Sections {
  public:
    /// The bytes and the pool outlive it. On an error `offset` is where the section starts that it is about.
    Status read(Bytes file, Pool *pool, int64_t *offset);

    Section skeleton = {}, metadata = {}, index = {}, widths = {};

    uint64_t data_bytes() const { return data_bytes_; }

    /// Bytes of all data sections before this one; `data_bytes` for the last plus one.
    uint64_t data_start(size_t number) const { return data_[number].first; }

    /// The data section that holds byte `position` < `data_bytes` of them all.
    size_t data_section(uint64_t position) const;

    /// Its bytes from `position` on, up to its end, once they have been compared with the checksum. Threads may call
    /// this at the same time. Error: BAD_CRC.
    Status data(size_t number, uint64_t position, Bytes *bytes) const;

    /// Where a data section starts in the file.
    uint64_t offset_of(size_t number) const { return data_[number].section.start; }

  private:
    struct Data {
        Section section;
        uint64_t first;
        uint8_t checked;  // set once it was compared with its checksum
    };

    Status walk(bool all, int64_t *offset);
    Status next(uint64_t *at, uint64_t end, int *type, Section *section) const;
    Status check(const Section &section) const;
    Status place(int type, const Section &section);

    Bytes file_ = {};
    Data *data_ = nullptr;
    size_t data_count_ = 0;
    uint64_t data_bytes_ = 0;
};

}  // namespace frc
