// Viterbi's algorithm: the optimal levels of a segment on a trellis. Not normative.
//
//     levels = argmin Σ (x - point)² + λ · bits(level | context, subset)      over all paths from state 0
//
// A state is 2m + u, where u is its subset (spec section 8.4). With H = h >> 1 and S states, the successors of 2m are m
// and m ^ H1, those of 2m + 1 are m ^ H0 and m ^ H0 ^ H1, for even and odd levels. Only h0 has the highest bit set. So
//
//     cost'[t]       = min(cost[2t]           + even0, cost[2(t ^ H1)]     + odd0)         t = 0 … S/2 - 1
//     cost'[S/2 + t] = min(cost[2(t ^ G) + 1] + even1, cost[2(t ^ G ^ H1) + 1] + odd1)     G = H0 - S/2
//
// Costs are integers and ties go to the even level, so every implementation finds the same path.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {
namespace encoder {

/// One segment to quantize.
struct ViterbiTask {
    const double *scaled;     ///< [count] coefficients in units of the step, lane by lane
    const uint8_t *contexts;  ///< [count]
    size_t count;
    size_t lanes;
    const int32_t *prices;  ///< [2, contexts, PRICES] λ · bits of the magnitudes -1, 0, 1 … in 1024ths, sign included
    size_t context_count;
    int state_bits;
    uint32_t h0, h1;   ///< shifted right by one
    int32_t *levels;   ///< [count] output
    uint8_t *subsets;  ///< [count] output

    int32_t *choices;  ///< [viterbi_choices(...)] scratch: whether the odd level was taken, a bit per state
    uint8_t *picks;    ///< [viterbi_picks(...)] scratch: whether the larger candidate was taken, a bit per branch kind
};

/// Prices of a row: of the magnitude -1, a sentinel that is too expensive to be chosen; of the magnitudes 0 … PRICED -
/// 1; and three times the price of all larger ones.
inline constexpr size_t PRICED = 128;
inline constexpr size_t PRICES = 1 + PRICED + 3;

/// Maximum number of lanes that are processed at once; missing lanes are zeros.
inline constexpr size_t MAX_VITERBI_LANES = 16;

/// Words that hold a bit per state.
constexpr size_t viterbi_words(int state_bits) { return state_bits < 5 ? 1 : size_t{1} << (state_bits - 5); }

/// Sizes of the scratch arrays for lanes of `lane_length` levels.
constexpr size_t viterbi_choices(size_t lane_length, int state_bits) {
    return lane_length * viterbi_words(state_bits) * MAX_VITERBI_LANES;
}
constexpr size_t viterbi_picks(size_t lane_length) { return lane_length * MAX_VITERBI_LANES; }

}  // namespace encoder
}  // namespace frc
