// Vectors of lanes for the inner loops of rans.h, on targets with gather and permute instructions. Other targets do not
// define FRC_LANE_VECTORS and process one lane at a time.

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

/// One number per lane; a vector extension of GCC and Clang.
typedef uint32_t LaneVector __attribute__((vector_size(4 * VECTOR_LANES)));

static inline LaneVector load_lanes(const void *from) {
    LaneVector lanes;
    memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

static inline void store_lanes(void *to, LaneVector lanes) { memcpy(to, &lanes, sizeof lanes); }

#if defined(__AVX512F__)

constexpr __mmask16 ALL = 0xFFFF;

/// 32-bit loads from the addresses from + SCALE · at.
template <int SCALE>
static inline LaneVector gather(const void *from, LaneVector at) {
    return (LaneVector)_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), ALL, (__m512i)at, from, SCALE);
}

/// Refills the lanes below STATE_FLOOR with the next words, in order. Reads VECTOR_LANES words.
static inline LaneVector refill(LaneVector x, const uint8_t **word) {
    const __mmask16 needs_refill = _mm512_cmplt_epu32_mask((__m512i)x, _mm512_set1_epi32(STATE_FLOOR));
    const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(*word));
    const auto words = (LaneVector)_mm512_maskz_expand_epi32(needs_refill, _mm512_maskz_cvtepu16_epi32(ALL, packed));
    *word += 2 * __builtin_popcount(needs_refill);
    return (LaneVector)_mm512_mask_mov_epi32((__m512i)x, needs_refill, (__m512i)(x << WORD_BITS | words));
}

#else

template <int SCALE>
static inline LaneVector gather(const void *from, LaneVector at) {
    return (LaneVector)_mm256_i32gather_epi32(static_cast<const int *>(from), (__m256i)at, SCALE);
}

/// For every set of eight lanes, as a bit mask: the index of the word that each lane takes.
struct WordIndices {
    uint8_t of[256][8];
};

constexpr WordIndices make_word_indices() {
    WordIndices indices{};
    for (int set = 0; set < 256; ++set) {
        uint8_t next = 0;
        for (int lane = 0; lane < 8; ++lane) {
            indices.of[set][lane] = next;
            if (set >> lane & 1) ++next;
        }
    }
    return indices;
}

static constexpr WordIndices WORD_INDICES = make_word_indices();

static inline LaneVector refill(LaneVector x, const uint8_t **word) {
    const auto needs_refill = (__m256i)(x < STATE_FLOOR);
    const auto set = static_cast<unsigned>(_mm256_movemask_ps((__m256)needs_refill));
    const auto *row = reinterpret_cast<const __m128i *>(WORD_INDICES.of[set]);
    const __m256i indices = _mm256_cvtepu8_epi32(_mm_loadl_epi64(row));
    const __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(*word)));
    *word += 2 * __builtin_popcount(set);
    const LaneVector refilled = x << WORD_BITS | (LaneVector)_mm256_permutevar8x32_epi32(words, indices);
    return (LaneVector)_mm256_blendv_epi8((__m256i)x, (__m256i)refilled, needs_refill);
}

#endif

}  // namespace FRC_TARGET
}  // namespace frc

#endif
