#include "encode/histogram.h"

#include <string.h>

namespace frc {
namespace encoder {
namespace {

/// Row `context` of the histogram is for subset 0, row `context_count + context` for subset 1.
template <bool SHIFTED>
void count(const HistogramTask &task) {
    for (size_t i = 0; i < task.count; ++i) {
        const int32_t level = task.levels[i];
        const size_t context = task.contexts[i];
        const size_t row = context + (task.subsets && task.subsets[i] ? task.context_count : 0);
        const auto whole = static_cast<uint32_t>(level < 0 ? -level : level);
        uint32_t magnitude = whole;
        if (SHIFTED) {
            const int shift = task.shift[context];
            const int64_t high = (int64_t{level} + ((int64_t{1} << shift) >> 1)) >> shift;
            magnitude = static_cast<uint32_t>(high < 0 ? -high : high);
        }
        const size_t bin = magnitude < HISTOGRAM_BINS ? magnitude : HISTOGRAM_BINS - 1;
        ++task.histogram[row * HISTOGRAM_BINS + bin];
        task.sums[context] += whole;
    }
}

}  // namespace

void histogram(const HistogramTask &task) {
    const size_t rows = task.context_count * (task.subsets ? 2 : 1);
    memset(task.histogram, 0, rows * HISTOGRAM_BINS * sizeof *task.histogram);
    memset(task.sums, 0, task.context_count * sizeof *task.sums);
    bool shifted = false;
    for (size_t i = 0; i < task.context_count; ++i) shifted |= task.shift[i] != 0;
    shifted ? count<true>(task) : count<false>(task);
}

}  // namespace encoder
}  // namespace frc
