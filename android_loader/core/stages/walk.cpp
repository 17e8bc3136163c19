#include "stages/walk.h"

namespace frc {

size_t Walk::size() const {
    size_t size = 1;
    for (int i = 0; i < count_; ++i) size *= axes_[i].count;
    return size;
}

bool Walk::offsets(size_t first, size_t count, size_t *offsets) const {
    size_t index[MAX_AXES];
    for (int i = count_ - 1; i >= 0; --i) {
        index[i] = first % axes_[i].count;
        first /= axes_[i].count;
    }
    const WalkAxis &fastest = axes_[count_ - 1];
    bool dense = true;
    for (size_t done = 0; done < count;) {
        size_t base = 0;
        for (int i = 0; i < count_ - 1; ++i) base += axes_[i].offset(index[i]);
        const size_t from = index[count_ - 1];
        const size_t run = fastest.count - from < count - done ? fastest.count - from : count - done;
        for (size_t j = 0; j < run; ++j) offsets[done + j] = base + fastest.offset(from + j);
        dense &= offsets[done] == offsets[0] + done && offsets[done + run - 1] == offsets[done] + run - 1;
        done += run;
        index[count_ - 1] += run - 1;
        for (int i = count_ - 1; i >= 0 && ++index[i] == axes_[i].count; --i) index[i] = 0;
    }
    return dense;
}

}  // namespace frc
