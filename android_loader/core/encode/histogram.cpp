#include "encode/histogram.h"

#include <string.h>

namespace frc {

namespace {

/// Rows of the histogram are contexts, and contexts + context in union 1.
template <bool SHIFTED>
void count(const HistogramTask &task) {
    for (size_t i = 0; i < task.count; ++i) {
        const int32_t level = task.levels[i];
        const size_t context = task.contexts[i],
                     row = context + (task.unions && task.unions[i] ? task.context_count : 0);
        const auto whole = static_cast<uint32_t>(level < 0 ? -level : level);
        uint32_t magnitude = whole;
        if (SHIFTED) {
            const int shift = task.shift[context];
            const int64_t high = (int64_t{level} + ((int64_t{1} << shift) >> 1)) >> shift;
            magnitude = static_cast<uint32_t>(high < 0 ? -high : high);
        }
        ++task.histogram[row * COUNTED + (magnitude < COUNTED ? magnitude : COUNTED - 1)];
        task.sums[context] += whole;
    }
}

}  // namespace

void count_levels(const HistogramTask &task) {
    const size_t rows = task.context_count * (task.unions ? 2 : 1);
    memset(task.histogram, 0, rows * COUNTED * sizeof *task.histogram);
    memset(task.sums, 0, task.context_count * sizeof *task.sums);
    bool shifted = false;
    for (size_t i = 0; i < task.context_count; ++i) shifted |= task.shift[i] != 0;
    shifted ? count<true>(task) : count<false>(task);
}

}  // namespace frc
