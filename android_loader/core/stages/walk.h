// Memory offsets of the positions of a box in C order.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/constants.h"

namespace frc {

/// An axis of a walk. Its positions are 0 … gap_at - 1, then gap_at + gap, gap_at + gap + 1, …
struct WalkAxis {
    size_t count;
    size_t stride;
    size_t gap_at = SIZE_MAX;
    size_t gap = 0;

    size_t offset(size_t index) const { return (index < gap_at ? index : index + gap) * stride; }
};

/// Offsets of the positions of a box. The axis added last varies fastest.
class Walk {
  public:
    static constexpr int MAX_AXES = MAX_RANK + 2;

    void add(const WalkAxis &axis) { axes_[count_++] = axis; }

    /// Number of positions.
    size_t size() const;

    /// Offsets of the positions first … first + count - 1. Returns whether they are consecutive.
    bool offsets(size_t first, size_t count, size_t *offsets) const;

  private:
    WalkAxis axes_[MAX_AXES];
    int count_ = 0;
};

}  // namespace frc
