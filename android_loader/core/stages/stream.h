// One stream of levels: header, then segments (spec section 8).

#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "stages/contexts.h"
#include "stages/tables.h"

namespace frc {

/// Reads the header once, then any segment at any time: start, attach, decode.
class Stream {
  public:
    /// Reads the header of a stream of levels of this shape. The bytes outlive the stream.
    /// Errors: BAD_STREAM, RESERVED_BITS.
    Status start(Bytes bytes, const LevelShape &shape);

    /// Memory that `attach` takes.
    size_t memory_bytes() const { return memory_bytes_; }

    /// Makes tables and finds the segments. The memory outlives the stream. Error: BAD_STREAM.
    Status attach(Arena memory);

    int64_t count() const { return count_; }
    size_t segments() const { return segments_; }
    size_t lanes() const { return lanes_; }

    /// By which the step code of each index of axis 0 differs, in 64ths; nullptr if it does not (section 11).
    const int8_t *row_steps() const { return row_steps_; }

    /// Levels of all segments but the last.
    static constexpr size_t SEGMENT = SEGMENT_LEVELS;

    /// Levels of one segment.
    size_t size(size_t segment) const;

    /// Scratch of `decode`.
    size_t scratch_bytes() const;

    /// Levels of every lane of a segment; behind the last one that is full comes what is left.
    size_t lane_length(size_t segment) const;

    /// The points of a segment, those of lane l from points + l · point_stride on. With a point_stride of
    /// lane_length(segment) they are consecutive; some more keeps them out of each other's way in the cache.
    /// Threads may decode different segments at the same time. Error: BAD_STREAM.
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
    int unions_ = 1;
    uint32_t h0_ = 0, h1_ = 0;  // of the trellis, shifted right by one
    ContextModel contexts_;
    Table tables_[MAX_CONTEXTS];
    size_t rows_with_steps_ = 0;

    int8_t *row_steps_ = nullptr;
    uint8_t *slots_ = nullptr;
    PackedSymbol *symbols_ = nullptr;
    uint8_t *reach_ = nullptr;
    uint8_t *shift_ = nullptr;  // nullptr if all are 0
    uint64_t *ends_ = nullptr;  // of the segments' bytes, counted from the first one's start
    Bytes body_ = {};           // all segments
};

}  // namespace frc
