// Frequency tables made from a few small numbers, in integers only (spec section 8.5).

#pragma once

#include "base/constants.h"
#include "stages/bits.h"

namespace frc {

inline constexpr int SLOTS = 1 << FREQUENCY_BITS;

/// The levels -127 … 127 that may have a symbol, and the escape.
inline constexpr int MAX_SYMBOLS = 256;
inline constexpr int ESCAPED = -128;

/// What a table says of a symbol, packed for the decoder's inner loop: level · 2^24 + (frequency - 1) · 2^12 + first
/// slot.
using PackedSymbol = uint32_t;
inline constexpr int LEVEL_PLACE = 24;

/// Parameters of the tables of one context.
struct Table {
    uint32_t zero = 0;   ///< 0 … 63, of union 0
    uint32_t gap = 0;    ///< 0 … 63, added to `zero` in union 1
    uint32_t scale = 0;  ///< 0 … 63
    uint32_t shape = 0;  ///< 0 … 3

    /// The first table of a stream, or with `before` any other one. `unions` is 2 with a trellis, else 1.
    static Table read(BitReader *bits, const Table *before, int unions);

    /// Low bits of a level that go past the table.
    int shift() const;

    /// Fills a union's `slots` [SLOTS] with numbers of `symbols` [MAX_SYMBOLS], which are in the order of their slots.
    /// The largest magnitude that has a symbol of its own, 0 … MAX_DIRECT.
    int fill(int union_number, uint8_t *slots, PackedSymbol *symbols) const;
};

}  // namespace frc
