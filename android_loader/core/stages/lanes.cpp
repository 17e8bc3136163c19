// Many rANS lanes over one sequence of words. Each step takes three passes over the lanes: contexts from what is known,
// symbols from the states, and points from the symbols. The first and the last are the compiler's to vectorize.
//
// N = 1 + ⌊log2 T⁴⌋ is read off the exponent of T⁴ in single precision: no T⁴ lies so close below a power of two that
// rounding would lift it there.

#include "stages/lanes.h"

#include "stages/contexts.h"
#include "stages/kernels.h"
#include "stages/lane_vectors.h"

namespace frc {
namespace FRC_TARGET {
namespace {

constexpr uint32_t SLOT_MASK = SLOTS - 1;
constexpr Status ENDED = {Code::BAD_STREAM, "A level stream has fewer words than its levels need."};

class Decoder {
  public:
    explicit Decoder(const LaneTask &task);

    Status run();

  private:
    size_t steps_of(size_t lane, size_t step, size_t wanted) const;
    void open_window(size_t step);
    void begin_strip(size_t step, size_t steps);
    void end_strip(size_t step, size_t steps);
    template <bool TRELLIS>
    Status run_steps(size_t step, size_t steps);

    const uint16_t *magnitudes_back(size_t step, size_t back) const {
        return back <= step ? magnitudes_ + (step - back) % remembered_ * stride_ : zeros_;
    }
    /// Whether there is a word for every lane, so that none need be checked.
    bool enough(size_t active) const { return static_cast<size_t>(words_end_ - word_) >= 2 * active + 32; }
    size_t active(size_t step) const { return full_lanes_ + (step < rest_); }

    template <bool TRELLIS>
    void find_rows(size_t step, size_t active, const int16_t *terms);
    template <bool CHECKED>
    bool take_symbols(size_t active, int32_t *levels);
    template <bool TRELLIS>
    void find_points(size_t step, size_t active, int32_t *levels);
    template <bool CHECKED>
    bool take_low_bits(size_t active, int32_t *levels);
    size_t find_escapes(size_t active, const int32_t *levels);
    Status take_escapes(size_t count, int32_t *levels);
    bool take_bits(size_t lane, uint32_t width, uint32_t *bits);

    const LaneTask &task_;
    const size_t stride_, length_, full_lanes_, rest_, remembered_;
    uint32_t *__restrict states_;
    uint32_t *__restrict trellis_;
    uint32_t *__restrict rows_;
    uint32_t *low_, *escaped_, *heads_, *excesses_;  // of one step
    uint16_t *magnitudes_;
    uint16_t *zeros_;
    const uint8_t *word_;
    const uint8_t *words_end_;
};

Decoder::Decoder(const LaneTask &task)
    : task_(task),
      stride_(lane_stride(task.lanes)),
      length_(lane_length(task.lanes, task.count)),
      full_lanes_(task.count / length_),
      rest_(task.count % length_),
      remembered_(magnitude_rows(task.row_length, task.lanes, task.count) - 1),
      states_(task.lane_states),
      trellis_(task.trellis),
      rows_(task.rows),
      low_(task.rest),
      escaped_(task.rest + stride_),
      heads_(task.rest + 2 * stride_),
      excesses_(task.rest + 3 * stride_),
      magnitudes_(task.magnitudes),
      zeros_(task.magnitudes + remembered_ * stride_),
      word_(task.words.data),
      words_end_(task.words.data + task.words.size) {}

Status Decoder::run() {
    for (size_t lane = 0; lane < task_.lanes; ++lane) {
        states_[lane] = load_u32(task_.states.data + 4 * lane);
        trellis_[lane] = 0;
        if (states_[lane] < STATE_FLOOR) return {Code::BAD_STREAM, "A lane of a level stream starts below its floor."};
    }
    memset(zeros_, 0, stride_ * sizeof *zeros_);
    if (!task_.classes) memset(task_.terms, 0, stride_ * sizeof *task_.terms);
    for (size_t step = 0; step < length_; step += LANE_STRIP) {
        const size_t steps = length_ - step < LANE_STRIP ? length_ - step : LANE_STRIP;
        if (task_.classes && step % WINDOW == 0) open_window(step);
        if (task_.classes) begin_strip(step, steps);
        const Status status = task_.h0 ? run_steps<true>(step, steps) : run_steps<false>(step, steps);
        if (status.code != Code::OK) return status;
        end_strip(step, steps);
    }
    bool ended = word_ == words_end_;
    for (size_t lane = 0; lane < task_.lanes; ++lane) ended &= states_[lane] == STATE_FLOOR;
    if (!ended) return {Code::BAD_STREAM, "A level stream does not end in its end state: its bytes are damaged."};
    return {};
}

/// Levels of a lane, of `wanted` from `step` on.
size_t Decoder::steps_of(size_t lane, size_t step, size_t wanted) const {
    const size_t end = lane < full_lanes_ ? length_ : rest_;
    return end - step < wanted ? end - step : wanted;
}

/// Class terms of the next steps, lane by lane.
void Decoder::open_window(size_t step) {
    for (size_t lane = 0; lane < active(step); ++lane) {
        const auto place = static_cast<int64_t>(lane * length_ + step);
        task_.classes->class_terms(task_.first + place, steps_of(lane, step, WINDOW),
                                   task_.window + lane * WINDOW_STRIDE);
    }
}

/// Class terms from lane by lane to step by step.
void Decoder::begin_strip(size_t step, size_t steps) {
    for (size_t lane = 0; lane < active(step); ++lane) {
        const int16_t *from = task_.window + lane * WINDOW_STRIDE + step % WINDOW;
        int16_t *to = task_.terms + lane;
        if (steps == LANE_STRIP) {
            for (size_t i = 0; i < LANE_STRIP; ++i) to[i * stride_] = from[i];
        } else {
            for (size_t i = 0; i < steps; ++i) to[i * stride_] = from[i];
        }
    }
}

/// Points from step by step to lane by lane.
void Decoder::end_strip(size_t step, size_t steps) {
    for (size_t lane = 0; lane < active(step); ++lane) {
        const int32_t *from = task_.levels + lane;
        int32_t *to = task_.points + lane * task_.point_stride + step;
        const size_t some = steps_of(lane, step, steps);
        if (some == LANE_STRIP) {
            for (size_t i = 0; i < LANE_STRIP; ++i) to[i] = from[i * stride_];
        } else {
            for (size_t i = 0; i < some; ++i) to[i] = from[i * stride_];
        }
    }
}

template <bool TRELLIS>
Status Decoder::run_steps(size_t step, size_t steps) {
    for (size_t i = 0; i < steps; ++i) {
        const size_t lanes = active(step + i);
        int32_t *levels = task_.levels + i * stride_;
        find_rows<TRELLIS>(step + i, lanes, task_.classes ? task_.terms + i * stride_ : task_.terms);
        if (!(enough(lanes) ? take_symbols<false>(lanes, levels) : take_symbols<true>(lanes, levels))) return ENDED;
        int32_t least = 0;
        for (size_t lane = 0; lane < lanes; ++lane) least = levels[lane] < least ? levels[lane] : least;
        const size_t escapes = least == ESCAPED ? find_escapes(lanes, levels) : 0;
        if (task_.shift) {
            if (!(enough(lanes) ? take_low_bits<false>(lanes, levels) : take_low_bits<true>(lanes, levels)))
                return ENDED;
        }
        if (escapes) {
            const Status status = take_escapes(escapes, levels);
            if (status.code != Code::OK) return status;
        }
        find_points<TRELLIS>(step + i, lanes, levels);
    }
    return {};
}

/// First slots of the tables of one step: row · SLOTS.
template <bool TRELLIS>
void Decoder::find_rows(size_t step, size_t active, const int16_t *__restrict terms) {
    const uint16_t *__restrict one = magnitudes_back(step, 1), *__restrict two = magnitudes_back(step, 2);
    const uint16_t *__restrict row = magnitudes_back(step, task_.row_length);
    const uint16_t *__restrict rows = magnitudes_back(step, 2 * task_.row_length);
    uint32_t *__restrict to = rows_;
    const uint32_t *__restrict trellis = trellis_;
    const int wn = task_.wn, base = task_.base, last = task_.contexts - 1;
    for (size_t lane = 0; lane < active; ++lane) {
        int t = one[lane] + two[lane] + row[lane] + rows[lane];
        t = t < MAX_NEIGHBOR_SUM ? t : MAX_NEIGHBOR_SUM;
        const float single = static_cast<float>(t), squared = single * single, fourth = squared * squared;
        int32_t bits;
        memcpy(&bits, &fourth, sizeof bits);
        int n = (bits >> 23) - 126;
        n = n > 0 ? n : 0;
        int context = ((terms[lane] + wn * n) >> CONTEXT_SHIFT) - base;
        context = context < last ? context : last;
        context = context > 0 ? context : 0;
        if (TRELLIS) context += static_cast<int>(trellis[lane] & 1) * (last + 1);
        to[lane] = static_cast<uint32_t>(context) << FREQUENCY_BITS;
    }
}

/// Operation 1: a symbol for every lane; ESCAPED is still a symbol. False where words are missing.
template <bool CHECKED>
bool Decoder::take_symbols(size_t active, int32_t *__restrict levels) {
    const uint8_t *__restrict slots = task_.slots;
    const PackedSymbol *__restrict symbols = task_.symbols;
    const uint32_t *__restrict rows = rows_;
    uint32_t *__restrict states = states_;
    const uint8_t *word = word_;
    size_t lane = 0;
#ifdef FRC_LANE_VECTORS
    for (; !CHECKED && lane + VECTOR_LANES <= active; lane += VECTOR_LANES) {
        const LaneVector x = load_lanes(states + lane), row = load_lanes(rows + lane), slot = x & SLOT_MASK;
        const LaneVector number = gathered<1>(slots, row + slot) & (MAX_SYMBOLS - 1);
        const LaneVector symbol = gathered<4>(symbols, row / (SLOTS / MAX_SYMBOLS) + number);
        const LaneVector frequency = (symbol >> FREQUENCY_BITS & SLOT_MASK) + 1;
        store_lanes(states + lane, refilled(frequency * (x >> FREQUENCY_BITS) + slot - (symbol & SLOT_MASK), &word));
        const LaneVector level = symbol >> LEVEL_PLACE;
        store_lanes(levels + lane, (level ^ 128) - 128);
    }
#endif
    for (; lane < active; ++lane) {
        uint32_t x = states[lane];
        const uint32_t slot = x & SLOT_MASK;
        const PackedSymbol symbol = symbols[rows[lane] / SLOTS * MAX_SYMBOLS + slots[rows[lane] + slot]];
        x = ((symbol >> FREQUENCY_BITS & SLOT_MASK) + 1) * (x >> FREQUENCY_BITS) + slot - (symbol & SLOT_MASK);
        const uint32_t hungry = x < STATE_FLOOR;
        if (CHECKED && hungry && word == words_end_) return false;
        const uint32_t next = CHECKED && !hungry ? 0 : load_u16(word);
        states[lane] = x << (hungry * WORD_BITS) | (next & (0 - hungry));
        word += 2 * hungry;
        levels[lane] = static_cast<int32_t>(symbol) >> LEVEL_PLACE;
    }
    word_ = word;
    return true;
}

/// Points from levels, and what later steps need of them.
template <bool TRELLIS>
void Decoder::find_points(size_t step, size_t active, int32_t *__restrict levels) {
    uint16_t *__restrict magnitudes = magnitudes_ + step % remembered_ * stride_;
    uint32_t *__restrict trellis = trellis_;
    const uint32_t h0 = task_.h0, h1 = task_.h1;
    for (size_t lane = 0; lane < active; ++lane) {
        int32_t point = levels[lane];
        if (TRELLIS) {
            const uint32_t state = trellis[lane], in_one = 0 - (state & 1);
            const int32_t sign = (point >> 31) | (point != 0);
            trellis[lane] = (state >> 1) ^ (in_one & h0) ^ ((0 - (static_cast<uint32_t>(point) & 1)) & h1);
            point = static_cast<int32_t>(2 * static_cast<uint32_t>(point) - (in_one & 1) * static_cast<uint32_t>(sign));
            levels[lane] = point;
        }
        const int32_t magnitude = point < 0 ? -point : point;
        magnitudes[lane] = static_cast<uint16_t>(magnitude < MAX_NEIGHBOR_SUM ? magnitude : MAX_NEIGHBOR_SUM);
    }
}

/// Up to 16 plain bits of a lane. False where a word is missing.
bool Decoder::take_bits(size_t lane, uint32_t width, uint32_t *bits) {
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

/// Operation 2: low bits of every lane, none where the table has no shift; and the levels of lanes without an escape.
/// False where words are missing.
template <bool CHECKED>
bool Decoder::take_low_bits(size_t active, int32_t *__restrict levels) {
    const uint8_t *__restrict shift = task_.shift;
    const uint32_t *__restrict rows = rows_;
    uint32_t *__restrict states = states_, *__restrict lows = low_;
    const uint8_t *word = word_;
    size_t lane = 0;
#ifdef FRC_LANE_VECTORS
    for (; !CHECKED && lane + VECTOR_LANES <= active; lane += VECTOR_LANES) {
        const LaneVector x = load_lanes(states + lane), high = load_lanes(levels + lane);
        const LaneVector width = gathered<1>(shift, load_lanes(rows + lane) >> FREQUENCY_BITS) & 255;
        const LaneVector unit = 1 << width, low = x & (unit - 1);
        store_lanes(states + lane, refilled(x >> width, &word));
        store_lanes(lows + lane, low);
        store_lanes(levels + lane, (high << width) + low - (unit >> 1));
    }
#endif
    for (; lane < active; ++lane) {
        const uint32_t width = shift[rows[lane] >> FREQUENCY_BITS], unit = uint32_t{1} << width;
        const uint32_t low = states[lane] & (unit - 1);
        const uint32_t x = states[lane] >> width;
        const uint32_t hungry = x < STATE_FLOOR;
        if (CHECKED && hungry && word == words_end_) return false;
        const uint32_t next = CHECKED && !hungry ? 0 : load_u16(word);
        states[lane] = x << (hungry * WORD_BITS) | (next & (0 - hungry));
        word += 2 * hungry;
        lows[lane] = low;
        levels[lane] = static_cast<int32_t>((static_cast<uint32_t>(levels[lane]) << width) + low - (unit >> 1));
    }
    word_ = word;
    return true;
}

/// The lanes whose symbol was the escape, in `escaped_`; how many there are.
size_t Decoder::find_escapes(size_t active, const int32_t *levels) {
    size_t count = 0;
    for (size_t lane = 0; lane < active; ++lane) {
        escaped_[count] = static_cast<uint32_t>(lane);
        count += levels[lane] == ESCAPED;
    }
    return count;
}

/// Operations 3 to 5 for these lanes: sign and size, then the bits of the size.
Status Decoder::take_escapes(size_t count, int32_t *levels) {
    constexpr uint32_t HEAD_BITS = 6;
    for (size_t i = 0; i < count; ++i) {
        if (!take_bits(escaped_[i], HEAD_BITS, &heads_[i])) return ENDED;
    }
    for (size_t i = 0; i < count; ++i) {
        const uint32_t size = heads_[i] >> 1;
        if (!take_bits(escaped_[i], size < WORD_BITS ? size : WORD_BITS, &excesses_[i])) return ENDED;
        excesses_[i] += uint32_t{1} << size;
    }
    for (size_t i = 0; i < count; ++i) {
        const uint32_t size = heads_[i] >> 1, lane = escaped_[i], row = rows_[lane] >> FREQUENCY_BITS;
        uint32_t bits = 0;
        if (size > WORD_BITS && !take_bits(lane, size - WORD_BITS, &bits)) return ENDED;
        const int64_t excess = int64_t{excesses_[i]} + (int64_t{bits} << WORD_BITS);
        const int64_t magnitude = excess + task_.reach[row], high = heads_[i] & 1 ? -magnitude : magnitude;
        const int64_t unit = int64_t{1} << (task_.shift ? task_.shift[row] : 0);
        const int64_t level = high * unit + (task_.shift ? low_[lane] : 0) - unit / 2;
        const int64_t limit = task_.h0 ? MAX_LEVEL / 2 : MAX_LEVEL;  // |point| must stay within MAX_LEVEL too
        if (magnitude > MAX_LEVEL || level > limit || level < -limit) {
            return {Code::BAD_STREAM, "A level lies outside of what is allowed."};
        }
        levels[lane] = static_cast<int32_t>(level);
    }
    return {};
}

}  // namespace

Status decode_lanes(const LaneTask &task) { return Decoder(task).run(); }

}  // namespace FRC_TARGET
}  // namespace frc
