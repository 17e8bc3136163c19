// Decoding of one segment: the interface of lanes.cpp (spec sections 8.2 to 8.4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "stages/tables.h"

namespace frc {

class ContextModel;

/// One segment, its model, the output and scratch memory.
struct LaneTask {
    Bytes states;  ///< 4 bytes per lane
    Bytes words;
    size_t lanes;
    size_t count;         ///< levels, at least 1
    int32_t *points;      ///< output: those of lane l start at points + l · point_stride
    size_t point_stride;  ///< lane_length(lanes, count) or more

    const uint8_t *slots;         ///< [subsets · contexts, SLOTS] index of the symbol
    const PackedSymbol *symbols;  ///< [subsets · contexts, MAX_SYMBOLS]
    const uint8_t *reach;         ///< [subsets · contexts] largest magnitude with a symbol
    const uint8_t *shift;         ///< [subsets · contexts] low bits that bypass the table; nullptr if all are 0
    uint32_t h0, h1;              ///< of the trellis, shifted right by one; 0 without one
    int contexts, wn, base;
    size_t row_length;
    const ContextModel *classes;  ///< gives wp · P; nullptr if it is always 0
    int64_t first;                ///< position of the first level in the stream

    uint32_t *lane_states;  ///< [lane_stride(lanes)]
    uint32_t *trellis;      ///< [lane_stride(lanes)]
    uint32_t *rows;         ///< [lane_stride(lanes)]
    uint32_t *scratch;      ///< [4, lane_stride(lanes)]
    int32_t *levels;        ///< [LANE_STRIP, lane_stride(lanes)]
    int16_t *window;        ///< [lanes, WINDOW_STRIDE]
    int16_t *terms;         ///< [LANE_STRIP, lane_stride(lanes)]
    uint16_t *magnitudes;   ///< [magnitude_rows(row_length, lanes, count), lane_stride(lanes)]
};

/// Iterations after which points are transposed to the order of the stream.
inline constexpr size_t LANE_STRIP = 16;

/// Iterations whose class terms are computed at once, a multiple of LANE_STRIP, and their stride per lane.
inline constexpr size_t WINDOW = 128, WINDOW_STRIDE = WINDOW + 32;

/// Stride of arrays over lanes. Not a power of two, so that rows do not compete for the same cache sets.
constexpr size_t lane_stride(size_t lanes) { return (lanes + 15) / 16 * 16 + 16; }

/// Levels per lane; the last lanes have fewer.
constexpr size_t lane_length(size_t lanes, size_t count) { return (count + lanes - 1) / lanes; }

/// Rows of magnitudes: those of the last 2 · row_length iterations, and one of zeros.
constexpr size_t magnitude_rows(size_t row_length, size_t lanes, size_t count) {
    const size_t length = lane_length(lanes, count);
    return (2 * row_length < length ? 2 * row_length : length) + 1;
}

}  // namespace frc
