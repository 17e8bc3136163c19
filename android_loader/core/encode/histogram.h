// How often each magnitude occurs in each context and union, for the encoder's choice of tables.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// Magnitudes told apart; larger ones count as the last.
inline constexpr size_t COUNTED = 256;

/// Levels to be counted.
struct HistogramTask {
    const int32_t *levels;    ///< [count]
    const uint8_t *contexts;  ///< [count]
    const uint8_t *unions;    ///< [count]; nullptr without a trellis
    size_t count;
    size_t context_count;
    const uint8_t *shift;  ///< [contexts] low bits that are left out of the magnitudes
    uint32_t *histogram;   ///< [unions, contexts, COUNTED] the result
    uint64_t *sums;        ///< [contexts] the result: magnitudes of whole levels, summed up
};

/// Counts; magnitudes are those of ⌊(level + 2^shift / 2) / 2^shift⌋.
void count_levels(const HistogramTask &task);

}  // namespace frc
