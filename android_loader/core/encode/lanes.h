// States and words of one segment from its levels: the inverse of lanes.h (spec section 8.2).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// A symbol's slots.
struct Symbol {
    uint16_t frequency;  ///< 0 where the table has no such symbol
    uint16_t start;
};

/// Symbols of a table: levels 0, -1, 1, -2, 2 … -127, 127 in this order, then the escape.
inline constexpr size_t SYMBOLS = 256;

/// One segment, its tables, and where the result goes.
struct EncodeTask {
    const int32_t *levels;    ///< [count] lane after lane
    const uint8_t *contexts;  ///< [count]
    const uint8_t *unions;    ///< [count]; nullptr without a trellis
    size_t count;
    size_t lanes;
    size_t context_count;
    const Symbol *symbols;  ///< [unions · contexts, SYMBOLS]
    const uint8_t *reach;   ///< [unions · contexts] largest magnitude with a symbol
    const uint8_t *shift;   ///< [unions · contexts] low bits past the table
    uint32_t *states;       ///< [lanes] the result
    uint16_t *words;        ///< [most_words(count)] the result is at the end
};

/// Words that levels can become at most: every operation gives one.
constexpr size_t most_words(size_t count) { return 5 * count; }

/// The number of words.
size_t encode_lanes(const EncodeTask &task);

}  // namespace frc
