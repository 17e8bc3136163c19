// The context formula, shared by the decoder's lanes and the encoder (spec section 8.3).

#pragma once

#include <stdint.h>
#include <string.h>

#include "base/constants.h"

namespace frc {

/// N = 1 + ⌊log2 T⁴⌋ of a sum T ≥ 0 of neighbors' magnitudes, clamped to MAX_NEIGHBOR_SUM; 0 for T = 0.
///
/// It is the exponent of T⁴ in single precision: no T⁴ is close enough below a power of two to round up to it.
static inline int scale_of_neighbors(int sum) {
    const int clamped = sum < MAX_NEIGHBOR_SUM ? sum : MAX_NEIGHBOR_SUM;
    const float t = static_cast<float>(clamped), squared = t * t, fourth = squared * squared;
    int32_t bits;
    memcpy(&bits, &fourth, sizeof bits);
    const int n = (bits >> 23) - 126;
    return n > 0 ? n : 0;
}

/// clamp((weighted >> 3) - base, 0, last), where `weighted` is wp · P + wn · N.
static inline int context_of(int weighted, int base, int last) {
    const int context = (weighted >> CONTEXT_SHIFT) - base;
    const int capped = context < last ? context : last;
    return capped > 0 ? capped : 0;
}

}  // namespace frc
