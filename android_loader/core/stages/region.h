// The kept region: which positions of a tensor have levels (spec section 9).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/constants.h"

namespace frc {

/// Positions of a tensor by the sum of their indices, equal sums lexicographically.
class ScanOrder {
  public:
    ScanOrder() = default;

    /// Starts at the origin. `strides` say how far a step along each axis is; axes of length 1 do not matter.
    ScanOrder(int rank, const int64_t *shape, const int64_t *strides);

    /// Offset of the present position.
    int64_t offset() const { return offset_; }

    /// Index of the present position on the i-th of the axes that are longer than 1.
    int64_t index(int i) const { return index_[i]; }

    /// Index sum of the present position.
    int64_t sum() const { return sum_; }

    /// To the next position; behind the last one the order starts again.
    void advance();

  private:
    void spread(int first, int64_t units);

    int rank_ = 0;
    int64_t shape_[MAX_RANK];
    int64_t strides_[MAX_RANK];
    int64_t index_[MAX_RANK];
    int64_t sum_ = 0;
    int64_t offset_ = 0;
};

}  // namespace frc
