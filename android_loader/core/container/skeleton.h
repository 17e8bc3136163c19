// The skeleton: a model file without its tensors, and how to fill them in (spec section 5).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/index.h"
#include "container/memory.h"
#include "container/packed.h"

namespace frc {

/// A range of the model file that holds the bytes of an entry.
struct Hole {
    uint64_t offset, bytes;
    uint32_t entry;

    uint64_t end() const { return offset + bytes; }
};

/// Four bytes of the model file that hold the CRC-32 of a hole's content, for instance in a zip header.
struct Patch {
    static constexpr size_t BYTES = 4;

    uint64_t offset;
    uint32_t hole;
};

/// The parsed section. It lives as long as the pool.
class Skeleton {
  public:
    /// Reads the payload of the section. Errors: BAD_SKELETON, TOO_LARGE.
    Status read(Bytes payload, const Index &index, uint64_t limit, Pool *pool);

    const char *kind = "";
    uint64_t size = 0;
    uint32_t crc = 0;
    const Hole *holes = nullptr;     ///< ascending
    const Patch *patches = nullptr;  ///< ascending
    uint32_t hole_count = 0, patch_count = 0;
    Bytes gaps = {};                   ///< all bytes outside of holes; zero in place of patches
    const int32_t *hole_of = nullptr;  ///< the hole of each entry, -1 for none

  private:
    Status read_holes(Numbers numbers, const Index &index, Pool *pool);
    Status read_patches(Numbers numbers, Pool *pool);
    bool patches_fit() const;
};

/// Iterates over the gaps, holes and patches of a model file, in order.
class SkeletonWalk {
  public:
    enum class Piece : uint8_t { GAP, HOLE, PATCH, END };

    explicit SkeletonWalk(const Skeleton &skeleton) : skeleton_(skeleton) {}

    /// Advances to the next piece. Sets `gap` to the bytes of a gap, or `number` to the number of a hole or patch.
    Piece next();

    Bytes gap = {};
    uint32_t number = 0;
    uint64_t offset = 0;  ///< of the piece, in the model file

  private:
    const Skeleton &skeleton_;
    uint64_t at_ = 0;       // in the model file
    size_t gap_bytes_ = 0;  // consumed of `gaps`
    uint32_t hole_ = 0, patch_ = 0;
};

}  // namespace frc
