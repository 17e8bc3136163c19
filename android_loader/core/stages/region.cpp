#include "stages/region.h"

namespace frc {

ScanOrder::ScanOrder(int rank, const int64_t *shape, const int64_t *strides) {
    for (int axis = 0; axis < rank; ++axis) {
        if (shape[axis] == 1) continue;
        shape_[rank_] = shape[axis];
        strides_[rank_] = strides[axis];
        index_[rank_] = 0;
        ++rank_;
    }
}

void ScanOrder::advance() {
    // The lexicographic successor with the same sum: the last axis that can grow takes one unit from the axes after it,
    // and the rest of their units moves to the last axes.
    int64_t after = 0;
    for (int axis = rank_ - 1; axis >= 0; --axis) {
        if (after > 0 && index_[axis] < shape_[axis] - 1) {
            ++index_[axis];
            offset_ += strides_[axis];
            spread(axis + 1, after - 1);
            return;
        }
        after += index_[axis];
    }
    ++sum_;
    spread(0, sum_);
}

/// Sets the axes from `first` on to the lexicographically first indices of sum `units`.
void ScanOrder::spread(int first, int64_t units) {
    for (int axis = rank_ - 1; axis >= first; --axis) {
        const int64_t index = units < shape_[axis] ? units : shape_[axis] - 1;
        offset_ += (index - index_[axis]) * strides_[axis];
        index_[axis] = index;
        units -= index;
    }
    if (first == 0 && units > 0) {  // no position has this sum: wrap around
        sum_ = 0;
        spread(0, 0);
    }
}

}  // namespace frc
