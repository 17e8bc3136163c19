// Contexts: the expected scale of a level before it is decoded (spec section 8.3).
//
//     context = clamp(((wp · P + wn · N) >> 3) - base, 0, contexts - 1)
//
// P, computed here, is the sum of the classes of the level's position, from the stream header. N, computed by lanes.cpp
// with neighbors.h, is the scale of the preceding levels.

#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "stages/bits.h"

namespace frc {

/// The shape that the classes of a stream belong to (spec section 9).
struct LevelShape {
    int rank;
    int64_t lengths[MAX_RANK];
};

/// The context model of a stream.
class ContextModel {
  public:
    int row_length = 1;
    int contexts = 1;
    int wp = 0;
    int wn = 0;
    int base = 0;

    /// Reads the header fields row_length to base.
    Status read(BitReader *bits);

    /// Reads the classes. Without `memory` they are checked but not kept.
    Status read_classes(BitReader *bits, const LevelShape &shape, Arena *memory);

    /// Memory that the classes need.
    size_t memory_bytes() const { return memory_bytes_; }

    /// Whether any P may differ from 0.
    bool has_classes() const { return has_classes_; }

    /// wp · P of the levels first … first + count - 1 of the stream.
    void class_terms(int64_t first, size_t count, int16_t *terms) const;

  private:
    /// An axis of the level shape and its classes, in quarter octaves.
    struct Axis {
        int64_t length;
        int16_t *classes;  // [length]; nullptr if it has none
    };

    Status read_axis(BitReader *bits, Arena *memory, Axis *axis);
    void merge_last_axes(Arena *memory);

    Axis axes_[MAX_RANK] = {};
    int axis_count_ = 0;
    bool has_classes_ = false;
    size_t memory_bytes_ = 0;
};

}  // namespace frc
