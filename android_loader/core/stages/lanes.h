// Levels of one segment from its lanes (spec sections 8.2 to 8.4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "stages/tables.h"

namespace frc {

class ContextModel;

/// One segment, the model it is decoded with, and scratch.
struct LaneTask {
    Bytes states;  ///< 4 bytes a lane
    Bytes words;
    size_t lanes;
    size_t count;         ///< levels, at least 1
    int32_t *points;      ///< the result: those of lane l from points + l · point_stride on
    size_t point_stride;  ///< lane_length(lanes, count) or more

    const uint8_t *slots;         ///< [unions · contexts, SLOTS] numbers of symbols
    const PackedSymbol *symbols;  ///< [unions · contexts, MAX_SYMBOLS]
    const uint8_t *reach;         ///< [unions · contexts] largest magnitude with a symbol
    const uint8_t *shift;         ///< [unions · contexts] low bits past the table; nullptr if all are 0
    uint32_t h0, h1;              ///< of the trellis, shifted right by one; 0 without one
    int contexts, wn, base;
    size_t row_length;
    const ContextModel *classes;  ///< where wp · P comes from; nullptr if it is always 0
    int64_t first;                ///< place of the first level in the stream

    uint32_t *lane_states;  ///< [lane_stride(lanes)]
    uint32_t *trellis;      ///< [lane_stride(lanes)]
    uint32_t *rows;         ///< [lane_stride(lanes)]
    uint32_t *rest;         ///< [4, lane_stride(lanes)]
    int32_t *levels;        ///< [LANE_STRIP, lane_stride(lanes)]
    int16_t *window;        ///< [lanes, WINDOW_STRIDE]
    int16_t *terms;         ///< [LANE_STRIP, lane_stride(lanes)]
    uint16_t *magnitudes;   ///< [magnitude_rows(row_length, lanes, count), lane_stride(lanes)]
};

/// Steps after which levels are brought from the order of time into that of the stream.
inline constexpr size_t LANE_STRIP = 16;

/// Steps whose class terms are computed at once, a multiple of LANE_STRIP, and the distance between those of two lanes.
inline constexpr size_t WINDOW = 128, WINDOW_STRIDE = WINDOW + 32;

/// Numbers from one row over lanes to the next: no power of two, which would use only a part of the cache.
constexpr size_t lane_stride(size_t lanes) { return (lanes + 15) / 16 * 16 + 16; }

/// Levels of every lane but the last ones.
constexpr size_t lane_length(size_t lanes, size_t count) { return (count + lanes - 1) / lanes; }

/// Rows of magnitudes that are remembered, and one of zeros.
constexpr size_t magnitude_rows(size_t row_length, size_t lanes, size_t count) {
    const size_t steps = lane_length(lanes, count);
    return (2 * row_length < steps ? 2 * row_length : steps) + 1;
}

}  // namespace frc
