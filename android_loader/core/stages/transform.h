// The exact inverse transform (spec section 10): what is transformed, and how it is divided into parts.
//
//     X = point · 2^F;  for each transformed axis in order:  y(n) = ⌊(Σ_k B(n, k) · x(k) + 2^21) / 2^22⌋
//
// Rounding is per position and every sum is exact, so a tensor can be worked on in parts of any form. A part reads its
// points once, keeps what lies between the axes in the cache, and writes its elements once.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "stages/basis.h"

namespace frc {

/// The largest F for points of this energy, the sum of their squares (spec section 10, step 1).
int fraction_bits(uint64_t energy);

/// An axis, or a block of one, that is transformed. Strides count points and elements.
struct TransformedAxis {
    Basis basis;
    size_t kept;
    size_t point_stride;
    size_t element_stride;

    size_t length() const { return basis.length(); }

    /// Pairs n, N-1-n of positions, of which the middle may be one.
    size_t pairs() const { return (length() + 1) / 2; }
};

/// An axis along which positions do not see each other: one that is not transformed, or the blocks of one that is.
struct FreeAxis {
    size_t count;
    size_t point_stride;
    size_t element_stride;
};

/// What a transform reads and writes.
struct TransformTask {
    const int32_t *points;
    void *elements;
    DType dtype;
    int fraction;              ///< F, MIN_FRACTION_BITS or more
    double scale;              ///< step · 2^-F; 1 with row scales
    const double *row_scales;  ///< the same for each index of axis 0, if they differ; otherwise nullptr
    size_t row_elements;       ///< elements of a row, the positions of one such index
};

/// A box of points whose axes are transformed as wholes: a tensor, or all blocks of one size of a tensor cut into
/// blocks.
class Cell {
  public:
    /// Axes in the order in which they are transformed; at least one.
    void add(const TransformedAxis &axis) { axes_[axis_count_++] = axis; }

    /// Free axes from the first to the last of the tensor; neighbours are merged where that is possible.
    void add(const FreeAxis &axis);

    /// Where the first point and the first element lie.
    void move(size_t points, size_t elements) { point_offset_ += points, element_offset_ += elements; }

    /// Decides on the form of the parts, behind the last axis; how many there are.
    size_t divide();

    /// Whether no part reads points at positions of another: then every point may lie in the memory of its element.
    bool apart() const { return pair_parts_ == 1; }

    /// Scratch of `run`.
    size_t scratch_bytes() const;

    /// Computes one part. Threads may run different ones at the same time. Error: BAD_VALUE.
    Status run(size_t part, const TransformTask &task, Arena scratch) const;

  private:
    friend class TransformPart;

    size_t between() const;

    TransformedAxis axes_[MAX_RANK];
    int axis_count_ = 0;
    FreeAxis free_[2 * MAX_RANK];
    int free_count_ = 0;
    size_t point_offset_ = 0;
    size_t element_offset_ = 0;

    int along_ = 0;     // the free axis that parts are cut along
    size_t width_ = 1;  // positions of a part on it
    size_t width_parts_ = 1;
    size_t pairs_ = 1;  // pairs of the first axis that a part computes
    size_t pair_parts_ = 1;
};

}  // namespace frc
