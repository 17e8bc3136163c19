// A stream of levels: a header, then segments (spec section 8).

#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "stages/contexts.h"
#include "stages/tables.h"

namespace frc {

/// Decodes the segments of a stream, in any order. Calls: start, attach, then decode per segment.
class Stream {
  public:
    /// Checks the header of a stream of this shape. The bytes must outlive the stream.
    /// Errors: BAD_STREAM, RESERVED_BITS.
    Status start(Bytes bytes, const LevelShape &shape);

    /// Memory that `attach` needs.
    size_t memory_bytes() const { return memory_bytes_; }

    /// Builds the tables and locates the segments. The memory must outlive the stream. Error: BAD_STREAM.
    Status attach(Arena memory);

    int64_t count() const { return count_; }
    size_t segments() const { return segments_; }
    size_t lanes() const { return lanes_; }

    /// Difference of the step code of each index of axis 0, in units of ROW_STEP; nullptr without row steps (section
    /// 11).
    const int8_t *row_steps() const { return row_steps_; }

    /// Levels of all segments but the last.
    static constexpr size_t SEGMENT = SEGMENT_LEVELS;

    /// Levels of one segment.
    size_t size(size_t segment) const;

    /// Scratch memory that `decode` needs.
    size_t scratch_bytes() const;

    /// Levels of each lane of a segment but the last ones.
    size_t lane_length(size_t segment) const;

    /// Decodes the points of a segment. Those of lane l start at points + l · point_stride, with a point_stride of at
    /// least lane_length(segment). Thread-safe. Error: BAD_STREAM.
    Status decode(size_t segment, int32_t *points, size_t point_stride, Arena scratch) const;

  private:
    Status read(Arena *memory);
    void make_tables(Arena *memory);
    Status read_row_steps(BitReader *bits, Arena *memory);
    Status find_segments(BitReader *bits, Arena *memory);

    Bytes bytes_ = {};
    LevelShape shape_ = {};
    int64_t count_ = 0;
    size_t segments_ = 0;
    size_t memory_bytes_ = 0;

    size_t lanes_ = 1;
    int subsets_ = 1;
    uint32_t h0_ = 0, h1_ = 0;  // of the trellis, shifted right by one
    ContextModel contexts_;
    Table tables_[MAX_CONTEXTS];
    size_t rows_with_steps_ = 0;

    int8_t *row_steps_ = nullptr;
    uint8_t *slots_ = nullptr;
    PackedSymbol *symbols_ = nullptr;
    uint8_t *reach_ = nullptr;
    uint8_t *shift_ = nullptr;  // nullptr if all are 0
    uint64_t *ends_ = nullptr;  // end of each segment in `body_`
    Bytes body_ = {};           // all segments
};

}  // namespace frc
