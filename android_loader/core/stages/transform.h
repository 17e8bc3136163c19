// The exact inverse transform (spec section 10) and its division into parts.
//
//     X = point · 2^F;  for each transformed axis in order:  y(n) = ⌊(Σ_k B(n, k) · x(k) + 2^21) / 2^22⌋
//
// Every sum is exact and rounding is per position, so the result does not depend on the division. A part reads its
// points once, keeps intermediate results in the cache, and writes its elements once.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "stages/basis.h"

namespace frc {

/// F, the number of fraction bits, for points of this energy > 0 (spec section 10, step 1).
int fraction_bits(uint64_t energy);

/// A transformed axis, or a block of one.
struct TransformedAxis {
    Basis basis;
    size_t kept;
    size_t point_stride;
    size_t element_stride;

    size_t length() const { return basis.length(); }

    /// Pairs n, N-1-n of positions. For odd N the middle position is a pair of its own.
    size_t pairs() const { return (length() + 1) / 2; }
};

/// An axis whose positions are independent: an untransformed axis, or the sequence of blocks along a transformed axis.
struct FreeAxis {
    size_t count;
    size_t point_stride;
    size_t element_stride;
};

/// Input, output and scale of a transform.
struct TransformTask {
    const int32_t *points;
    void *elements;
    DType dtype;
    int fraction;              ///< F, MIN_FRACTION_BITS or more
    double scale;              ///< step · 2^-F; 1 with row scales
    const double *row_scales;  ///< step · 2^-F of each index of axis 0; nullptr if all are equal
    size_t row_elements;       ///< elements per index of axis 0
};

/// A set of equal boxes, each transformed as a whole: a tensor, or all blocks of one shape of a tensor cut into blocks.
class Cell {
  public:
    /// Adds a transformed axis; at least one, in the order of transformation.
    void add(const TransformedAxis &axis) { axes_[axis_count_++] = axis; }

    /// Adds a free axis, in the order of the tensor's axes. Adjacent axes are merged if possible.
    void add(const FreeAxis &axis);

    /// Moves the offsets of the first point and the first element.
    void move(size_t points, size_t elements) { point_offset_ += points, element_offset_ += elements; }

    /// Chooses the shape of the parts, after the last `add`, and returns their number.
    size_t divide();

    /// Whether no part reads points at positions that another part writes. Then points may share memory with elements.
    bool parts_are_independent() const { return pair_parts_ == 1; }

    /// Scratch memory that `run` needs.
    size_t scratch_bytes() const;

    /// Computes one part. Thread-safe for different parts. Error: BAD_VALUE.
    Status run(size_t part, const TransformTask &task, Arena scratch) const;

  private:
    friend class TransformPart;

    size_t intermediate_size() const;

    TransformedAxis axes_[MAX_RANK];
    int axis_count_ = 0;
    FreeAxis free_[2 * MAX_RANK];
    int free_count_ = 0;
    size_t point_offset_ = 0;
    size_t element_offset_ = 0;

    int along_ = 0;     // the free axis that is divided: the longest
    size_t width_ = 1;  // positions of a part on it
    size_t width_parts_ = 1;
    size_t pairs_ = 1;  // pairs of the first transformed axis that a part computes
    size_t pair_parts_ = 1;
};

}  // namespace frc
