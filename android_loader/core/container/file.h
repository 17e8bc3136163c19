// An open file: what it holds, and at which width.

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

/// What an error is about.
struct Where {
    int64_t offset = -1;  ///< where a section starts
    int32_t entry = -1;
};

/// Everything but decoded entries. Any number of threads may use it at the same time, but for `set_width`.
class File {
  public:
    explicit File(const frc_memory &memory) : pool_(memory), width_pool_(memory) {}

    /// Reads all sections but those of data. The bytes outlive the file.
    Status open(Bytes bytes, uint64_t max_bytes, Where *where);

    const frc_memory &memory() const { return pool_.memory(); }
    const Index &index() const { return index_; }
    const Skeleton &skeleton() const { return skeleton_; }
    const Widths &widths() const { return widths_; }
    bool has_model() const { return sections_.skeleton.exists(); }

    /// An entry at the present width.
    const Shape &shape(uint32_t entry) const { return shapes_[entry]; }

    /// Whether the present width is the full one.
    bool full_width() const { return full_width_; }

    /// The bytes of a stream, once their section was compared with its checksum. Error: BAD_CRC.
    Status stream(uint32_t number, Bytes *bytes, Where *where) const;

    /// Whether the stream's entries have to be compared with its digest: it was not done yet, and they have the
    /// shapes of full width.
    bool to_verify(uint32_t stream) const;
    void set_verified(uint32_t stream) const { __atomic_store_n(&verified_[stream], uint8_t{1}, __ATOMIC_RELEASE); }

    /// Takes on the shapes of a width. Errors: BAD_OPTION, UNVALIDATED_WIDTH, TOO_LARGE; and for a validated width
    /// those of decoding, BAD_DIGEST.
    Status set_width(const int64_t *lengths, size_t groups, bool force, const frc_work *work, Where *where);

  private:
    Status read_metadata();
    Status place_streams();
    Status check_decoded(const Shape *shapes) const;
    Status take_width(const int64_t *lengths, Pool *pool);
    Status verify(uint32_t checksum, const frc_work *work, Where *where) const;

    Pool pool_, width_pool_;
    Sections sections_;
    Index index_;
    Skeleton skeleton_;
    Widths widths_;
    uint64_t max_bytes_ = 0;
    Shape *shapes_ = nullptr;
    bool full_width_ = true;
    uint8_t *verified_ = nullptr;  // by stream
};

}  // namespace frc
