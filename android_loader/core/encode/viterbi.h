// The best path of a segment's levels through a trellis, for the encoder. Nothing here is normative.
//
//     levels = argmin Σ (x - point)² + λ · bits(level | context, union)      over all paths from state 0
//
// A state is 2m + u, u its union (spec section 8.4). With H = h >> 1 and S states, the successors of 2m are m and m ^
// H1, those of 2m + 1 are m ^ H0 and m ^ H0 ^ H1, for even and odd levels; of all h only h0 reaches the highest bit. So
//
//     cost'[t]       = min(cost[2t]           + even0, cost[2(t ^ H1)]     + odd0)         t = 0 … S/2 - 1
//     cost'[S/2 + t] = min(cost[2(t ^ G) + 1] + even1, cost[2(t ^ G ^ H1) + 1] + odd1)     G = H0 - S/2
//
// Costs are integers, so that every implementation finds the same path; of equal ones the even level is taken.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// One segment to be decided.
struct PathTask {
    const double *scaled;     ///< [count] coefficients in steps, lane after lane
    const uint8_t *contexts;  ///< [count]
    size_t count;
    size_t lanes;
    const int32_t *prices;  ///< [2, contexts, PRICES] λ · bits of the magnitudes -1, 0, 1 … in 1024ths, sign included
    size_t context_count;
    int state_bits;
    uint32_t h0, h1;  ///< shifted right by one
    int32_t *levels;  ///< [count] the result
    uint8_t *unions;  ///< [count] the result

    int32_t *choices;  ///< [path_choices(...)] whether the odd level was taken, a bit for every state
    uint8_t *picks;    ///< [path_picks(...)] whether the larger candidate was taken, a bit for every kind
};

/// Prices of a row: of -1, which must never be taken, of the magnitudes that have a price of their own, and three times
/// that of the last for larger ones.
inline constexpr size_t PRICED = 128;
inline constexpr size_t PRICES = 1 + PRICED + 3;

/// Lanes that are worked on side by side at most; missing ones are made of zeros.
inline constexpr size_t MOST_PATH_LANES = 16;

/// Words of 32 states.
constexpr size_t path_words(int state_bits) { return state_bits < 5 ? 1 : size_t{1} << (state_bits - 5); }

/// Scratch numbers for lanes of this many levels.
constexpr size_t path_choices(size_t steps, int state_bits) { return steps * path_words(state_bits) * MOST_PATH_LANES; }
constexpr size_t path_picks(size_t steps) { return steps * MOST_PATH_LANES; }

}  // namespace frc
