// An open file and its current width.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/index.h"
#include "container/memory.h"
#include "container/sections.h"
#include "container/skeleton.h"
#include "container/widths.h"
#include "container/work.h"

namespace frc {

/// The section and the entry that an error is about.
struct Where {
    int64_t offset = -1;  ///< start of the section; -1 for none
    int32_t entry = -1;   ///< -1 for none
};

/// The parsed sections of a file and the shapes at the current width. Thread-safe except for `set_width`.
class File {
  public:
    explicit File(const frc_memory &memory) : pool_(memory), width_pool_(memory) {}

    /// Reads all sections except data. The bytes must outlive the file.
    Status open(Bytes bytes, uint64_t max_bytes, Where *where);

    const frc_memory &memory() const { return pool_.memory(); }
    const Index &index() const { return index_; }
    const Skeleton &skeleton() const { return skeleton_; }
    const Widths &widths() const { return widths_; }
    bool has_model() const { return sections_.skeleton.exists(); }

    /// Shape of an entry at the current width.
    const Shape &shape(uint32_t entry) const { return shapes_[entry]; }

    /// Whether the current width is the full width.
    bool full_width() const { return full_width_; }

    /// The bytes of a stream, after the checksum of their section was verified. Error: BAD_CRC.
    Status stream(uint32_t number, Bytes *bytes, Where *where) const;

    /// Whether the digest of a stream must be verified: it has not been yet, and its entries have full width.
    bool to_verify(uint32_t stream) const;
    void set_verified(uint32_t stream) const { __atomic_store_n(&verified_[stream], uint8_t{1}, __ATOMIC_RELEASE); }

    /// Changes the current width. Errors: BAD_OPTION; UNVALIDATED_WIDTH unless allowed; TOO_LARGE; for a validated
    /// width BAD_DIGEST and those of decoding.
    Status set_width(const int64_t *lengths, size_t groups, bool allow_unvalidated, const frc_work *work, Where *where);

  private:
    Status read_metadata();
    Status place_streams();
    Status check_size(const Shape *shapes) const;
    Status apply_width(const int64_t *lengths, Pool *pool);
    Status verify(uint32_t checksum, const frc_work *work, Where *where) const;

    Pool pool_, width_pool_;
    Sections sections_;
    Index index_;
    Skeleton skeleton_;
    Widths widths_;
    uint64_t max_bytes_ = 0;
    Shape *shapes_ = nullptr;
    bool full_width_ = true;
    uint8_t *verified_ = nullptr;  // [streams] whether the digest was verified; accessed atomically
};

}  // namespace frc
