// A path through a trellis that makes up for its own errors, for the encoder. Nothing here is normative.
//
// What a row of weights does is judged by eᵀ H e, e its errors and H the second moments of what it is multiplied with.
// With H = U D Uᵀ, U unit upper triangular,
//
//     eᵀ H e = Σ_j D_j (e_j + Σ_{i<j} U_ij e_i)²
//
// so column j aims at x_j - Σ_{i<j} U_ij e_i, and what it misses costs D_j. Survivors of Viterbi's algorithm carry the
// sums of their own errors; every `FEEDBACK_BLOCK` columns the best of them is taken, and the others are forgotten.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// A tensor to be decided, as rows of columns.
struct FeedbackTask {
    const double *scaled;     ///< [count] coefficients in steps of their rows
    const uint8_t *contexts;  ///< [count]
    size_t count;
    size_t columns;         ///< of a row
    const float *upper;     ///< [columns, columns] U
    const float *weights;   ///< [columns] D
    const int64_t *starts;  ///< [lanes] where lanes begin, ascending, the first at 0
    size_t lanes;           ///< of all segments
    const float *prices;    ///< [2, contexts, PRICES] as in path.h, but λ · bits themselves
    size_t context_count;
    int state_bits;
    uint32_t h0, h1;  ///< shifted right by one
    int32_t *levels;  ///< [count] the result
    uint8_t *unions;  ///< [count] the result
    float *errors;    ///< [columns] scratch
};

/// Columns between two decisions.
inline constexpr size_t FEEDBACK_BLOCK = 32;

/// States at most: survivors are many numbers here.
inline constexpr int FEEDBACK_STATE_BITS = 6;

}  // namespace frc
