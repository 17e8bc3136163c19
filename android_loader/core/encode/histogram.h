// Counts of magnitudes by context and subset, from which the encoder fits frequency tables.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {
namespace encoder {

/// Bins of a row; the last one counts all larger magnitudes, too.
inline constexpr size_t HISTOGRAM_BINS = 256;

/// The levels to count.
struct HistogramTask {
    const int32_t *levels;    ///< [count]
    const uint8_t *contexts;  ///< [count]
    const uint8_t *subsets;   ///< [count]; nullptr without a trellis
    size_t count;
    size_t context_count;
    const uint8_t *shift;  ///< [contexts] low bits that the magnitudes leave out
    uint32_t *histogram;   ///< [subsets, contexts, HISTOGRAM_BINS] output
    uint64_t *sums;        ///< [contexts] output: sums of |level|
};

/// Counts |⌊(level + 2^shift / 2) / 2^shift⌋|.
void histogram(const HistogramTask &task);

}  // namespace encoder
}  // namespace frc
