// rANS encoding of one segment: initial states and words from levels, the inverse of stages/lanes.h (spec section 8.2).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {
namespace encoder {

/// The slots of a symbol.
struct Symbol {
    uint16_t frequency;  ///< 0 if the table does not have the symbol
    uint16_t start;
};

/// Symbols of a table: the levels 0, -1, 1, -2, 2 … -127, 127 in this order, then the escape.
inline constexpr size_t SYMBOLS = 256;

/// One segment, its tables and the output.
struct EncodeTask {
    const int32_t *levels;    ///< [count] lane by lane
    const uint8_t *contexts;  ///< [count]
    const uint8_t *subsets;   ///< [count]; nullptr without a trellis
    size_t count;
    size_t lanes;
    size_t context_count;
    const Symbol *symbols;  ///< [subsets · contexts, SYMBOLS]
    const uint8_t *reach;   ///< [subsets · contexts] largest magnitude with a symbol
    const uint8_t *shift;   ///< [subsets · contexts] low bits that bypass the table
    uint32_t *states;       ///< [lanes] output
    uint16_t *words;        ///< [max_words(count)] output, at the end of the array
};

/// Upper bound of the words that `count` levels take: each of the five operations of a level writes at most one.
constexpr size_t max_words(size_t count) { return 5 * count; }

/// Encodes the segment and returns the number of words.
size_t encode_lanes(const EncodeTask &task);

}  // namespace encoder
}  // namespace frc
