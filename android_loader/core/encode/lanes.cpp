// rANS is last in, first out: the decoder's operations are undone in reverse order of iterations, of the operations of
// an iteration, and of the lanes of an operation.

#include "encode/lanes.h"

#include "base/constants.h"

namespace frc {
namespace encoder {
namespace {

class Encoder {
  public:
    explicit Encoder(const EncodeTask &task)
        : task_(task), length_((task.count + task.lanes - 1) / task.lanes), word_(task.words + max_words(task.count)) {}

    size_t run();

  private:
    /// level + 2^shift / 2 = high · 2^shift + low, where the table codes `high`.
    struct Parts {
        size_t row;
        int64_t high;
        uint32_t low, shift;
        uint32_t magnitude;
        bool escaped;
    };

    Parts split(size_t position) const;
    size_t active(size_t iteration) const;
    void push_low_bits_and_escapes(size_t iteration, size_t lanes);
    void push_symbols(size_t iteration, size_t lanes);
    void push_symbol(uint32_t *state, Symbol symbol);
    void push_bits(uint32_t *state, uint32_t value, uint32_t width);

    const EncodeTask &task_;
    const size_t length_;
    uint16_t *word_;
};

size_t Encoder::run() {
    for (size_t lane = 0; lane < task_.lanes; ++lane) task_.states[lane] = STATE_FLOOR;
    for (size_t iteration = length_; iteration-- > 0;) {
        const size_t lanes = active(iteration);
        push_low_bits_and_escapes(iteration, lanes);
        push_symbols(iteration, lanes);
    }
    return static_cast<size_t>(task_.words + max_words(task_.count) - word_);
}

/// Number of lanes that have a level in this iteration.
size_t Encoder::active(size_t iteration) const {
    const size_t full = task_.count / length_;
    return full + (iteration < task_.count % length_);
}

Encoder::Parts Encoder::split(size_t position) const {
    Parts parts;
    parts.row = task_.contexts[position] + (task_.subsets && task_.subsets[position] ? task_.context_count : 0);
    parts.shift = task_.shift[parts.row];
    const int64_t lifted = int64_t{task_.levels[position]} + ((int64_t{1} << parts.shift) >> 1);
    parts.high = lifted >> parts.shift;
    parts.low = static_cast<uint32_t>(lifted - parts.high * (int64_t{1} << parts.shift));
    parts.magnitude = static_cast<uint32_t>(parts.high < 0 ? -parts.high : parts.high);
    parts.escaped = parts.magnitude > task_.reach[parts.row];
    return parts;
}

/// Undoes operations 5 to 2, each for every lane that has it.
void Encoder::push_low_bits_and_escapes(size_t iteration, size_t lanes) {
    bool any = false;
    for (size_t lane = 0; lane < lanes && !any; ++lane) {
        const Parts parts = split(lane * length_ + iteration);
        any = parts.escaped || parts.shift;
    }
    for (int operation = 5; any && operation >= 2; --operation) {
        for (size_t lane = lanes; lane-- > 0;) {
            const Parts parts = split(lane * length_ + iteration);
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

/// Undoes operation 1.
void Encoder::push_symbols(size_t iteration, size_t lanes) {
    for (size_t lane = lanes; lane-- > 0;) {
        const Parts parts = split(lane * length_ + iteration);
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

}  // namespace encoder
}  // namespace frc
