// The scan order of the kept region: which positions of a tensor have levels (spec section 9).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/constants.h"

namespace frc {

/// Iterates over the positions of a tensor by ascending sum of indices; equal sums in lexicographic order.
class ScanOrder {
  public:
    ScanOrder() = default;

    /// Starts at the origin. Axes of length 1 are ignored.
    ScanOrder(int rank, const int64_t *shape, const int64_t *strides);

    /// Offset of the current position, in units of the strides.
    int64_t offset() const { return offset_; }

    /// Index of the current position on the i-th axis that is longer than 1.
    int64_t index(int i) const { return index_[i]; }

    /// Sum of indices of the current position.
    int64_t sum() const { return sum_; }

    /// Moves to the next position; wraps around after the last one.
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
