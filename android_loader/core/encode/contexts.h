// Contexts of a segment whose points are all known (spec section 8.3).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {
namespace encoder {

/// One segment and its context model.
struct ContextTask {
    const int32_t *points;  ///< [count] lane by lane
    size_t count;
    size_t lanes;
    size_t row_length;
    int contexts, wn, base;
    const int16_t *class_terms;  ///< [count] wp · P; nullptr if all are 0
    uint8_t *result;             ///< [count] output: a context per level
    uint16_t *magnitudes;        ///< [context_scratch(...)] scratch
};

/// Size of the scratch for lanes of `lane_length` levels.
constexpr size_t context_scratch(size_t row_length, size_t lane_length) { return 2 * row_length + lane_length; }

}  // namespace encoder
}  // namespace frc
