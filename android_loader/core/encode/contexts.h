// Contexts of a segment whose points are all known, for the encoder (spec section 8.3).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// One segment and its context model.
struct ContextTask {
    const int32_t *points;  ///< [count] lane after lane
    size_t count;
    size_t lanes;
    size_t row_length;
    int contexts, wn, base;
    const int16_t *class_terms;  ///< [count] wp · P; nullptr for zeros
    uint8_t *found;              ///< [count] the result
    uint16_t *magnitudes;        ///< [context_scratch(...)]
};

/// Scratch numbers for lanes of this many levels.
constexpr size_t context_scratch(size_t row_length, size_t steps) { return 2 * row_length + steps; }

}  // namespace frc
