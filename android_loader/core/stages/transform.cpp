#include "stages/transform.h"

#include "stages/transform_part.h"

namespace frc {
namespace {

constexpr size_t ELEMENTS = size_t{1} << 18;      // per part, about, with one transformed axis
constexpr size_t INTERMEDIATE = size_t{1} << 17;  // numbers before the last axis per part, about, with more axes
constexpr size_t MIN_PAIRS = 8;

}  // namespace

int fraction_bits(uint64_t energy) {
    int bits = 0;  // the least with energy ≤ 2^bits
    while (bits < ENERGY_BITS && energy > uint64_t{1} << bits) ++bits;
    const int fraction = (ENERGY_BITS - bits) / 2;
    return fraction < MAX_FRACTION_BITS ? fraction : MAX_FRACTION_BITS;
}

void Cell::add(const FreeAxis &axis) {
    if (free_count_) {
        FreeAxis &outer = free_[free_count_ - 1];
        if (outer.point_stride == axis.count * axis.point_stride &&
            outer.element_stride == axis.count * axis.element_stride) {
            outer = {outer.count * axis.count, axis.point_stride, axis.element_stride};
            return;
        }
    }
    free_[free_count_++] = axis;
}

/// Numbers before the last transformed axis, for one position on the free axes.
size_t Cell::intermediate_size() const {
    size_t numbers = axes_[axis_count_ - 1].kept;
    for (int i = 0; i + 1 < axis_count_; ++i) numbers *= axes_[i].length();
    return numbers;
}

size_t Cell::divide() {
    if (!free_count_) add(FreeAxis{1, 0, 0});
    size_t positions = 1;
    for (int i = 0; i < free_count_; ++i) {
        if (free_[i].count > free_[along_].count) along_ = i;
        positions *= free_[i].count;
    }
    const TransformedAxis &first = axes_[0];
    const size_t count = free_[along_].count;
    const size_t fitting = axis_count_ == 1 ? ELEMENTS / first.length() : INTERMEDIATE / intermediate_size();
    width_ = fitting < 1 ? 1 : fitting < count ? fitting : count;
    pairs_ = first.pairs();
    if (axis_count_ > 1 && fitting == 0) {
        const size_t fitting_pairs = first.pairs() * INTERMEDIATE / intermediate_size();
        pairs_ = fitting_pairs < MIN_PAIRS ? MIN_PAIRS : fitting_pairs;
        if (pairs_ > first.pairs()) pairs_ = first.pairs();
    }
    width_parts_ = (count + width_ - 1) / width_;
    pair_parts_ = (first.pairs() + pairs_ - 1) / pairs_;
    return positions / count * width_parts_ * pair_parts_;
}

size_t Cell::scratch_bytes() const { return TransformPart::scratch_bytes(*this); }

Status Cell::run(size_t part, const TransformTask &task, Arena scratch) const {
    return TransformPart(*this, part, task).run(scratch);
}

}  // namespace frc
