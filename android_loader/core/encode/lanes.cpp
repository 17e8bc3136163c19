// The decoder's operations backwards: the last step first, of a step the last operation, of an operation the last lane.

#include "encode/lanes.h"

#include "base/constants.h"

namespace frc {
namespace {

class Encoder {
  public:
    explicit Encoder(const EncodeTask &task)
        : task_(task),
          length_((task.count + task.lanes - 1) / task.lanes),
          word_(task.words + most_words(task.count)) {}

    size_t run();

  private:
    /// A level as its table sees it.
    struct Parts {
        size_t row;
        int64_t high;
        uint32_t low, shift;
        uint32_t magnitude;
        bool escaped;
    };

    Parts split(size_t place) const;
    size_t active(size_t step) const;
    void undo_escapes(size_t step, size_t lanes);
    void undo_symbols(size_t step, size_t lanes);
    void push_symbol(uint32_t *state, Symbol symbol);
    void push_bits(uint32_t *state, uint32_t value, uint32_t width);

    const EncodeTask &task_;
    const size_t length_;
    uint16_t *word_;
};

size_t Encoder::run() {
    for (size_t lane = 0; lane < task_.lanes; ++lane) task_.states[lane] = STATE_FLOOR;
    for (size_t step = length_; step-- > 0;) {
        const size_t lanes = active(step);
        undo_escapes(step, lanes);
        undo_symbols(step, lanes);
    }
    return static_cast<size_t>(task_.words + most_words(task_.count) - word_);
}

/// Lanes that have a level at this step.
size_t Encoder::active(size_t step) const {
    const size_t full = task_.count / length_;
    return full + (step < task_.count % length_);
}

Encoder::Parts Encoder::split(size_t place) const {
    Parts parts;
    parts.row = task_.contexts[place] + (task_.unions && task_.unions[place] ? task_.context_count : 0);
    parts.shift = task_.shift[parts.row];
    const int64_t lifted = int64_t{task_.levels[place]} + ((int64_t{1} << parts.shift) >> 1);
    parts.high = lifted >> parts.shift;
    parts.low = static_cast<uint32_t>(lifted - (parts.high << parts.shift));
    parts.magnitude = static_cast<uint32_t>(parts.high < 0 ? -parts.high : parts.high);
    parts.escaped = parts.magnitude > task_.reach[parts.row];
    return parts;
}

/// Operations 5 to 2: each for all lanes that it concerns.
void Encoder::undo_escapes(size_t step, size_t lanes) {
    bool any = false;
    for (size_t lane = 0; lane < lanes && !any; ++lane) {
        const Parts parts = split(lane * length_ + step);
        any = parts.escaped || parts.shift;
    }
    for (int operation = 5; any && operation >= 2; --operation) {
        for (size_t lane = lanes; lane-- > 0;) {
            const Parts parts = split(lane * length_ + step);
            uint32_t *const state = &task_.states[lane];
            if (operation == 2) {
                if (parts.shift) push_bits(state, parts.low, parts.shift);
                continue;
            }
            if (!parts.escaped) continue;
            const uint32_t excess = parts.magnitude - task_.reach[parts.row];
            const auto size = static_cast<uint32_t>(31 - __builtin_clz(excess));
            const uint32_t rest = excess - (uint32_t{1} << size), few = size < WORD_BITS ? size : WORD_BITS;
            if (operation == 5 && size > WORD_BITS) push_bits(state, rest >> WORD_BITS, size - WORD_BITS);
            if (operation == 4) push_bits(state, rest & ((1 << WORD_BITS) - 1), few);
            if (operation == 3) push_bits(state, 2 * size + (parts.high < 0), 6);
        }
    }
}

/// Operation 1.
void Encoder::undo_symbols(size_t step, size_t lanes) {
    for (size_t lane = lanes; lane-- > 0;) {
        const Parts parts = split(lane * length_ + step);
        const size_t number = parts.escaped ? SYMBOLS - 1 : 2 * parts.magnitude - (parts.high < 0);
        push_symbol(&task_.states[lane], task_.symbols[parts.row * SYMBOLS + number]);
    }
}

void Encoder::push_symbol(uint32_t *state, Symbol symbol) {
    uint32_t x = *state;
    if (x >> (32 - FREQUENCY_BITS) >= symbol.frequency) {
        *--word_ = static_cast<uint16_t>(x);
        x >>= WORD_BITS;
    }
    const uint32_t quotient = x / symbol.frequency;
    *state = (quotient << FREQUENCY_BITS) + (x - quotient * symbol.frequency) + symbol.start;
}

void Encoder::push_bits(uint32_t *state, uint32_t value, uint32_t width) {
    uint32_t x = *state;
    if (uint64_t{x} << width >> 32) {
        *--word_ = static_cast<uint16_t>(x);
        x >>= WORD_BITS;
    }
    *state = x << width | value;
}

}  // namespace

size_t encode_lanes(const EncodeTask &task) { return task.count ? Encoder(task).run() : 0; }

}  // namespace frc
