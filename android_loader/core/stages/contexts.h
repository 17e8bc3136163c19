// What is known of a level's scale before it is decoded (spec section 8.3).
//
//     context = clamp(((wp · P + wn · N) >> 3) - base, 0, contexts - 1)
//
// P is what the header says of the level's place, computed here. N is what the levels before it show, computed by
// lanes.cpp.

#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "stages/bits.h"

namespace frc {

/// The shape by which the classes of levels are looked up (spec section 9).
struct LevelShape {
    int rank;
    int64_t lengths[MAX_RANK];
};

/// How the contexts of a stream are computed.
class ContextModel {
  public:
    int row_length = 1;
    int contexts = 1;
    int wp = 0;
    int wn = 0;
    int base = 0;

    /// The header fields row_length to base.
    Status read(BitReader *bits);

    /// The header field that follows the row steps. Without `memory` the classes are read but not kept.
    Status read_classes(BitReader *bits, const LevelShape &shape, Arena *memory);

    /// Memory that the classes take.
    size_t memory_bytes() const { return memory_bytes_; }

    /// Whether P is ever anything but 0.
    bool has_classes() const { return has_classes_; }

    /// wp · P of the levels at places first … first + count - 1 of the stream.
    void class_terms(int64_t first, size_t count, int16_t *terms) const;

  private:
    /// An axis of the level shape and its classes in quarter octaves.
    struct Axis {
        int64_t length;
        int16_t *classes;  // [length]; nullptr for none
    };

    Status read_axis(BitReader *bits, Arena *memory, Axis *axis);
    void merge_last_axes(Arena *memory);

    Axis axes_[MAX_RANK] = {};
    int axis_count_ = 0;
    bool has_classes_ = false;
    size_t memory_bytes_ = 0;
};

}  // namespace frc
