// Several lanes in one register, for the inner loops of lanes.cpp, where a processor can look up tables and hand out
// words within registers. Elsewhere FRC_LANE_VECTORS is not defined, and lanes take turns.

#pragma once

#include "base/bytes.h"
#include "base/constants.h"

#if defined(__AVX2__)

#include <immintrin.h>

#define FRC_LANE_VECTORS 1

namespace frc {
namespace FRC_TARGET {

#if defined(__AVX512F__)
constexpr size_t VECTOR_LANES = 16;
#else
constexpr size_t VECTOR_LANES = 8;
#endif

/// One number of each lane; GCC and Clang have arithmetic for it. Needs no alignment in memory.
typedef uint32_t LaneVector __attribute__((vector_size(4 * VECTOR_LANES)));

static inline LaneVector load_lanes(const void *from) {
    LaneVector lanes;
    memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

static inline void store_lanes(void *to, LaneVector lanes) { memcpy(to, &lanes, sizeof lanes); }

#if defined(__AVX512F__)

constexpr __mmask16 ALL = 0xFFFF;

/// Numbers that start at the bytes from + SCALE · at.
template <int SCALE>
static inline LaneVector gathered(const void *from, LaneVector at) {
    return (LaneVector)_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), ALL, (__m512i)at, from, SCALE);
}

/// Every lane below the floor takes a word, in ascending order. Reads VECTOR_LANES words.
static inline LaneVector refilled(LaneVector x, const uint8_t **word) {
    const __mmask16 hungry = _mm512_cmplt_epu32_mask((__m512i)x, _mm512_set1_epi32(STATE_FLOOR));
    const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(*word));
    const auto words = (LaneVector)_mm512_maskz_expand_epi32(hungry, _mm512_maskz_cvtepu16_epi32(ALL, packed));
    *word += 2 * __builtin_popcount(hungry);
    return (LaneVector)_mm512_mask_mov_epi32((__m512i)x, hungry, (__m512i)(x << WORD_BITS | words));
}

#else

template <int SCALE>
static inline LaneVector gathered(const void *from, LaneVector at) {
    return (LaneVector)_mm256_i32gather_epi32(static_cast<const int *>(from), (__m256i)at, SCALE);
}

/// For every set of eight lanes: which word each lane takes, if the members of the set take one after the other.
struct Turns {
    uint8_t of[256][8];
};

constexpr Turns make_turns() {
    Turns turns{};
    for (int set = 0; set < 256; ++set) {
        uint8_t next = 0;
        for (int lane = 0; lane < 8; ++lane) {
            turns.of[set][lane] = next;
            if (set >> lane & 1) ++next;
        }
    }
    return turns;
}

static constexpr Turns TURNS = make_turns();

static inline LaneVector refilled(LaneVector x, const uint8_t **word) {
    const auto hungry = (__m256i)(x < STATE_FLOOR);
    const auto set = static_cast<unsigned>(_mm256_movemask_ps((__m256)hungry));
    const __m256i turns = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(TURNS.of[set])));
    const __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(*word)));
    *word += 2 * __builtin_popcount(set);
    const LaneVector fed = x << WORD_BITS | (LaneVector)_mm256_permutevar8x32_epi32(words, turns);
    return (LaneVector)_mm256_blendv_epi8((__m256i)x, (__m256i)fed, hungry);
}

#endif

}  // namespace FRC_TARGET
}  // namespace frc

#endif
