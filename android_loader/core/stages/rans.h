// rANS decoding of the levels of a segment: the states of its lanes and the words that they share (spec section 8.2).
//
// Included by lanes.cpp only, which is compiled once per target.

#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "stages/lane_vectors.h"
#include "stages/lanes.h"

namespace frc {
namespace FRC_TARGET {
namespace {

constexpr uint32_t SLOT_MASK = SLOTS - 1;
constexpr Status OUT_OF_WORDS = {Code::BAD_STREAM, "A level stream has fewer words than its levels need."};

/// The rANS states of all lanes. An iteration decodes one level per lane, in five operations; each operation runs over
/// the lanes in order, and each lane whose state falls below STATE_FLOOR takes the next word.
class RansLanes {
  public:
    explicit RansLanes(const LaneTask &task)
        : task_(task),
          states_(task.lane_states),
          rows_(task.rows),
          low_(task.scratch),
          escaped_(task.scratch + lane_stride(task.lanes)),
          heads_(task.scratch + 2 * lane_stride(task.lanes)),
          excesses_(task.scratch + 3 * lane_stride(task.lanes)),
          word_(task.words.data),
          words_end_(task.words.data + task.words.size) {}

    /// Loads the initial states. Error: BAD_STREAM.
    Status start();

    /// Decodes a level for each of the lanes 0 … active - 1 with the tables `task.rows`. Error: BAD_STREAM.
    Status decode(size_t active, int32_t *levels);

    /// Checks the final states. Error: BAD_STREAM.
    Status finish() const;

  private:
    /// Whether every lane can take two words, and vectors can be read, without checks.
    bool enough(size_t active) const { return static_cast<size_t>(words_end_ - word_) >= 2 * active + 32; }

    template <bool CHECKED>
    bool take_symbols(size_t active, int32_t *levels);
    template <bool CHECKED>
    bool take_low_bits(size_t active, int32_t *levels);
    size_t find_escapes(size_t active, const int32_t *levels);
    Status take_escapes(size_t count, int32_t *levels);
    bool take_bits(size_t lane, uint32_t width, uint32_t *bits);

    const LaneTask &task_;
    uint32_t *__restrict states_;
    uint32_t *__restrict rows_;                      // first slot of each lane's table: row · SLOTS
    uint32_t *low_, *escaped_, *heads_, *excesses_;  // of one iteration
    const uint8_t *word_;
    const uint8_t *words_end_;
};

Status RansLanes::start() {
    for (size_t lane = 0; lane < task_.lanes; ++lane) {
        states_[lane] = load_u32(task_.states.data + 4 * lane);
        if (states_[lane] < STATE_FLOOR) return {Code::BAD_STREAM, "A lane of a level stream starts below its floor."};
    }
    return {};
}

Status RansLanes::finish() const {
    bool finished = word_ == words_end_;
    for (size_t lane = 0; lane < task_.lanes; ++lane) finished &= states_[lane] == STATE_FLOOR;
    if (finished) return {};
    return {Code::BAD_STREAM, "A level stream does not end in its end state: its bytes are damaged."};
}

Status RansLanes::decode(size_t active, int32_t *levels) {
    if (!(enough(active) ? take_symbols<false>(active, levels) : take_symbols<true>(active, levels))) {
        return OUT_OF_WORDS;
    }
    int32_t least = 0;
    for (size_t lane = 0; lane < active; ++lane) least = levels[lane] < least ? levels[lane] : least;
    const size_t escapes = least == ESCAPED ? find_escapes(active, levels) : 0;
    if (task_.shift && !(enough(active) ? take_low_bits<false>(active, levels) : take_low_bits<true>(active, levels))) {
        return OUT_OF_WORDS;
    }
    return escapes ? take_escapes(escapes, levels) : Status{};
}

/// Operation 1: a symbol per lane, still ESCAPED for escapes. Returns false if words are missing.
template <bool CHECKED>
bool RansLanes::take_symbols(size_t active, int32_t *__restrict levels) {
    const uint8_t *__restrict slots = task_.slots;
    const PackedSymbol *__restrict symbols = task_.symbols;
    const uint32_t *__restrict rows = rows_;
    uint32_t *__restrict states = states_;
    const uint8_t *word = word_;
    size_t lane = 0;
#ifdef FRC_LANE_VECTORS
    for (; !CHECKED && lane + VECTOR_LANES <= active; lane += VECTOR_LANES) {
        const LaneVector x = load_lanes(states + lane), row = load_lanes(rows + lane), slot = x & SLOT_MASK;
        const LaneVector number = gather<1>(slots, row + slot) & (MAX_SYMBOLS - 1);
        const LaneVector symbol = gather<4>(symbols, row / (SLOTS / MAX_SYMBOLS) + number);
        const LaneVector frequency = (symbol >> FREQUENCY_BITS & SLOT_MASK) + 1;
        store_lanes(states + lane, refill(frequency * (x >> FREQUENCY_BITS) + slot - (symbol & SLOT_MASK), &word));
        const LaneVector level = symbol >> LEVEL_PLACE;
        store_lanes(levels + lane, (level ^ 128) - 128);
    }
#endif
    for (; lane < active; ++lane) {
        uint32_t x = states[lane];
        const uint32_t slot = x & SLOT_MASK;
        const PackedSymbol symbol = symbols[rows[lane] / SLOTS * MAX_SYMBOLS + slots[rows[lane] + slot]];
        x = ((symbol >> FREQUENCY_BITS & SLOT_MASK) + 1) * (x >> FREQUENCY_BITS) + slot - (symbol & SLOT_MASK);
        const uint32_t needs_refill = x < STATE_FLOOR;
        if (CHECKED && needs_refill && word == words_end_) return false;
        const uint32_t next = CHECKED && !needs_refill ? 0 : load_u16(word);
        states[lane] = x << (needs_refill * WORD_BITS) | (next & (0 - needs_refill));
        word += 2 * needs_refill;
        levels[lane] = static_cast<int32_t>(symbol) >> LEVEL_PLACE;
    }
    word_ = word;
    return true;
}

/// Operation 2: the low bits of every lane whose table has a shift. Completes the levels of lanes that did not escape.
/// Returns false if words are missing.
template <bool CHECKED>
bool RansLanes::take_low_bits(size_t active, int32_t *__restrict levels) {
    const uint8_t *__restrict shift = task_.shift;
    const uint32_t *__restrict rows = rows_;
    uint32_t *__restrict states = states_, *__restrict lows = low_;
    const uint8_t *word = word_;
    size_t lane = 0;
#ifdef FRC_LANE_VECTORS
    for (; !CHECKED && lane + VECTOR_LANES <= active; lane += VECTOR_LANES) {
        const LaneVector x = load_lanes(states + lane), high = load_lanes(levels + lane);
        const LaneVector width = gather<1>(shift, load_lanes(rows + lane) >> FREQUENCY_BITS) & 255;
        const LaneVector unit = 1 << width, low = x & (unit - 1);
        store_lanes(states + lane, refill(x >> width, &word));
        store_lanes(lows + lane, low);
        store_lanes(levels + lane, (high << width) + low - (unit >> 1));
    }
#endif
    for (; lane < active; ++lane) {
        const uint32_t width = shift[rows[lane] >> FREQUENCY_BITS], unit = uint32_t{1} << width;
        const uint32_t low = states[lane] & (unit - 1);
        const uint32_t x = states[lane] >> width;
        const uint32_t needs_refill = x < STATE_FLOOR;
        if (CHECKED && needs_refill && word == words_end_) return false;
        const uint32_t next = CHECKED && !needs_refill ? 0 : load_u16(word);
        states[lane] = x << (needs_refill * WORD_BITS) | (next & (0 - needs_refill));
        word += 2 * needs_refill;
        lows[lane] = low;
        levels[lane] = static_cast<int32_t>((static_cast<uint32_t>(levels[lane]) << width) + low - (unit >> 1));
    }
    word_ = word;
    return true;
}

/// Lists the lanes that escaped in `escaped_` and returns their number.
size_t RansLanes::find_escapes(size_t active, const int32_t *levels) {
    size_t count = 0;
    for (size_t lane = 0; lane < active; ++lane) {
        escaped_[count] = static_cast<uint32_t>(lane);
        count += levels[lane] == ESCAPED;
    }
    return count;
}

/// Operations 3 to 5 of the lanes that escaped: sign and size, then the bits of the excess over `reach`.
Status RansLanes::take_escapes(size_t count, int32_t *levels) {
    constexpr uint32_t HEAD_BITS = 6;
    for (size_t i = 0; i < count; ++i) {
        if (!take_bits(escaped_[i], HEAD_BITS, &heads_[i])) return OUT_OF_WORDS;
    }
    for (size_t i = 0; i < count; ++i) {
        const uint32_t size = heads_[i] >> 1;
        if (!take_bits(escaped_[i], size < WORD_BITS ? size : WORD_BITS, &excesses_[i])) return OUT_OF_WORDS;
        excesses_[i] += uint32_t{1} << size;
    }
    for (size_t i = 0; i < count; ++i) {
        const uint32_t size = heads_[i] >> 1, lane = escaped_[i], row = rows_[lane] >> FREQUENCY_BITS;
        uint32_t bits = 0;
        if (size > WORD_BITS && !take_bits(lane, size - WORD_BITS, &bits)) return OUT_OF_WORDS;
        const int64_t excess = int64_t{excesses_[i]} + (int64_t{bits} << WORD_BITS);
        const int64_t magnitude = excess + task_.reach[row], high = heads_[i] & 1 ? -magnitude : magnitude;
        const int64_t unit = int64_t{1} << (task_.shift ? task_.shift[row] : 0);
        const int64_t level = high * unit + (task_.shift ? low_[lane] : 0) - unit / 2;
        const int64_t limit = task_.h0 ? MAX_LEVEL / 2 : MAX_LEVEL;  // bounds |point| by MAX_LEVEL
        if (magnitude > MAX_LEVEL || level > limit || level < -limit) {
            return {Code::BAD_STREAM, "A level is out of range."};
        }
        levels[lane] = static_cast<int32_t>(level);
    }
    return {};
}

/// Takes up to 16 uniform bits of a lane. Returns false if a word is missing.
bool RansLanes::take_bits(size_t lane, uint32_t width, uint32_t *bits) {
    uint32_t x = states_[lane];
    *bits = x & ((uint32_t{1} << width) - 1);
    x >>= width;
    if (x < STATE_FLOOR) {
        if (word_ == words_end_) return false;
        x = x << WORD_BITS | load_u16(word_);
        word_ += 2;
    }
    states_[lane] = x;
    return true;
}

}  // namespace
}  // namespace FRC_TARGET
}  // namespace frc
