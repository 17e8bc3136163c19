// Trellis quantization with error feedback: Viterbi's algorithm for a quadratic error. Not normative.
//
// The error of a row of weights is eᵀ H e, where e are the row's quantization errors and H are the second moments of
// the inputs it is multiplied with. With H = U D Uᵀ, U unit upper triangular,
//
//     eᵀ H e = Σ_j D_j (e_j + Σ_{i<j} U_ij e_i)²
//
// so column j quantizes the target x_j - Σ_{i<j} U_ij e_i with weight D_j. Every survivor of Viterbi's algorithm keeps
// the sums over its own errors. After `FEEDBACK_BLOCK` columns the best survivor is final and the others are dropped.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {
namespace encoder {

/// A tensor to quantize, a matrix in row-major order.
struct FeedbackTask {
    const double *scaled;     ///< [count] coefficients in steps of their rows
    const uint8_t *contexts;  ///< [count]
    size_t count;
    size_t columns;         ///< row length
    const float *upper;     ///< [columns, columns] U
    const float *weights;   ///< [columns] D
    const int64_t *starts;  ///< [lanes] first position of each lane, ascending from 0
    size_t lanes;           ///< of all segments
    const float *prices;    ///< [2, contexts, PRICES] as in viterbi.h, but λ · bits unscaled
    size_t context_count;
    int state_bits;
    uint32_t h0, h1;   ///< shifted right by one
    int32_t *levels;   ///< [count] output
    uint8_t *subsets;  ///< [count] output
    float *errors;     ///< [columns] scratch
};

/// Columns per block.
inline constexpr size_t FEEDBACK_BLOCK = 32;

/// Maximum log2 of the number of states: a survivor here is FEEDBACK_BLOCK numbers.
inline constexpr int FEEDBACK_STATE_BITS = 6;

}  // namespace encoder
}  // namespace frc
