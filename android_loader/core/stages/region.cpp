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
    // One unit moves from the axes behind an axis to that axis, as far right as possible; the others fall to the end.
    int64_t behind = 0;
    for (int axis = rank_ - 1; axis >= 0; --axis) {
        if (behind > 0 && index_[axis] < shape_[axis] - 1) {
            ++index_[axis];
            offset_ += strides_[axis];
            spread(axis + 1, behind - 1);
            return;
        }
        behind += index_[axis];
    }
    ++sum_;
    spread(0, sum_);
}

/// The lexicographically first indices from axis `first` on that have this sum.
void ScanOrder::spread(int first, int64_t units) {
    for (int axis = rank_ - 1; axis >= first; --axis) {
        const int64_t index = units < shape_[axis] ? units : shape_[axis] - 1;
        offset_ += (index - index_[axis]) * strides_[axis];
        index_[axis] = index;
        units -= index;
    }
    if (first == 0 && units > 0) {  // no position has this sum: the order starts again
        sum_ = 0;
        spread(0, 0);
    }
}

}  // namespace frc
