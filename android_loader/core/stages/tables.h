// Parametric frequency tables, computed in integers (spec section 8.5).

#pragma once

#include "base/constants.h"
#include "stages/bits.h"

namespace frc {

inline constexpr int SLOTS = 1 << FREQUENCY_BITS;

/// The levels -127 … 127 and the escape.
inline constexpr int MAX_SYMBOLS = 256;
inline constexpr int ESCAPED = -128;

/// A symbol, packed for the decoder's inner loop: level · 2^24 + (frequency - 1) · 2^12 + first slot.
using PackedSymbol = uint32_t;
inline constexpr int LEVEL_PLACE = 24;

/// Parameters of the frequency tables of one context, one table per subset.
struct Table {
    uint32_t zero = 0;      ///< 0 … 63, of subset 0
    uint32_t gap = 0;       ///< 0 … 63, added to `zero` in subset 1
    uint32_t scale = 0;     ///< 0 … 63
    uint32_t exponent = 0;  ///< 0 … 3: frequencies fall as exp(-c · |level|^((exponent + 1) / 2))

    /// Reads a table: the first of a stream if `before` is nullptr, otherwise as differences to the one before.
    /// `subsets` is 2 with a trellis, otherwise 1.
    static Table read(BitReader *bits, const Table *before, int subsets);

    /// Low bits of a level that bypass the table.
    int shift() const;

    /// Fills the table of a subset: `symbols` [MAX_SYMBOLS] in the order of their slots, and the index of the symbol of
    /// each of the `slots` [SLOTS]. Returns the largest magnitude that has a symbol, 0 … MAX_DIRECT.
    int fill(int subset, uint8_t *slots, PackedSymbol *symbols) const;
};

}  // namespace frc
