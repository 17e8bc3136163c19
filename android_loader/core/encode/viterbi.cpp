// A vector holds the same state of WIDTH lanes, so all arithmetic is vertical.

#include "encode/viterbi.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"

namespace frc {
namespace encoder {
namespace FRC_TARGET {
namespace {

constexpr int32_t UNREACHED = 1 << 28;  // more than any path costs before all states are reachable
constexpr size_t MAX_STATES = size_t{1} << MAX_TRELLIS;
constexpr size_t KINDS = 4;   // of branches: 2 · subset + parity of the level
constexpr size_t STRIP = 32;  // positions whose branch costs are computed before the states advance

// Vector extensions of GCC and Clang.
#if defined(__AVX512F__)
constexpr size_t WIDTH = 16;
#elif defined(__AVX2__)
constexpr size_t WIDTH = 8;
#else
constexpr size_t WIDTH = 4;
#endif
using Lanes = int32_t __attribute__((vector_size(4 * WIDTH)));
static_assert(WIDTH <= MAX_VITERBI_LANES);
using Four = int32_t __attribute__((vector_size(16)));
using FourReals = double __attribute__((vector_size(32)));

/// Costs (x - point)² + λ · bits of the levels h - 1 … h + 2 of a subset, in 1024ths. h is the largest level whose
/// point is at most x ≥ 0.
inline Four costs_around(int32_t h, double x, int subset, const int32_t *row) {
    constexpr FourReals AROUND = {-2, 0, 2, 4};
    const FourReals distance = x - (AROUND + (2 * h - subset));
    FourReals error = distance * distance;
    if (h <= subset) error[1 - h] = x * x;  // the point 0 belongs to both subsets
    const Four rounded = __builtin_convertvector(error * 1024.0 + 0.5, Four);
    Four price;
    memcpy(&price, row + (h < static_cast<int32_t>(PRICED) ? h : static_cast<int32_t>(PRICED)), sizeof price);
    return rounded + price;
}

class Viterbi {
  public:
    explicit Viterbi(const ViterbiTask &task)
        : task_(task),
          length_((task.count + task.lanes - 1) / task.lanes),
          half_(size_t{1} << (task.state_bits - 1)),
          words_(viterbi_words(task.state_bits)),
          turn_(task.h0 - static_cast<uint32_t>(half_)) {}

    void run(size_t first_lane);

  private:
    size_t lane_end(size_t lane) const;
    void price_strip(size_t first_lane, size_t position, size_t positions);
    void price(double x, size_t context, size_t i, Lanes *costs, uint8_t *pick) const;
    void advance(const Lanes *kinds, Lanes *choices);
    void trace(size_t first_lane);

    const ViterbiTask &task_;
    const size_t length_, half_, words_;
    const uint32_t turn_;
    Lanes strip_[STRIP][KINDS];
    Lanes costs_[2][MAX_STATES];
    Lanes *cost_ = costs_[0], *next_ = costs_[1];
};

size_t Viterbi::lane_end(size_t lane) const {
    const size_t end = (lane + 1) * length_;
    return end < task_.count ? end : task_.count;
}

/// Branch costs of some positions. Missing lanes, and what lies past the end of a lane, count as zeros.
void Viterbi::price_strip(size_t first_lane, size_t position, size_t positions) {
    for (size_t i = 0; i < WIDTH; ++i) {
        const size_t lane = first_lane + i, start = lane * length_ + position;
        const size_t end = lane < task_.lanes ? lane_end(lane) : 0;
        for (size_t s = 0; s < positions; ++s) {
            const bool inside = start + s < end;
            price(inside ? fabs(task_.scaled[start + s]) : 0.0, inside ? task_.contexts[start + s] : 0, i, strip_[s],
                  &task_.picks[(position + s) * WIDTH + i]);
        }
    }
}

/// The cheaper of the two candidates of every branch kind, the points next to x from below and above.
void Viterbi::price(double x, size_t context, size_t i, Lanes *costs, uint8_t *pick) const {
    int picked = 0;
    for (int subset = 0; subset < 2; ++subset) {
        const int32_t *row = task_.prices + (static_cast<size_t>(subset) * task_.context_count + context) * PRICES;
        const auto h = static_cast<int32_t>((x + subset) * 0.5);
        const Four around = costs_around(h, x, subset, row);
        const int same = 2 * subset + (h & 1), other = 2 * subset + (~h & 1);
        const bool above = around[3] < around[1], next = around[2] < around[0];
        costs[same][i] = above ? around[3] : around[1];
        costs[other][i] = next ? around[2] : around[0];
        picked |= above << same | next << other;
    }
    *pick = static_cast<uint8_t>(picked);
}

/// Advances all states by one position.
void Viterbi::advance(const Lanes *kinds, Lanes *choices) {
    for (size_t top = 0; top < 2; ++top) {
        const Lanes even = kinds[2 * top], odd = kinds[2 * top + 1];
        Lanes chosen = {};
        for (size_t t = 0; t < half_; ++t) {
            const size_t m = top ? t ^ turn_ : t, state = top * half_ + t;
            const Lanes first = cost_[2 * m + top] + even, second = cost_[2 * (m ^ task_.h1) + top] + odd;
            const Lanes smaller = second < first;
            next_[state] = smaller ? second : first;
            chosen |= smaller & (1 << state % 32);
            if (state % 32 == 31 || t + 1 == half_) {
                choices[state / 32] = state % 32 < half_ || half_ >= 32 ? chosen : choices[state / 32] | chosen;
                chosen = Lanes{};
            }
        }
    }
    Lanes *const swapped = cost_;
    cost_ = next_;
    next_ = swapped;
}

/// Traces the cheapest path of every lane back from its end.
void Viterbi::trace(size_t first_lane) {
    for (size_t i = 0; i < WIDTH && first_lane + i < task_.lanes; ++i) {
        size_t state = 0;
        for (size_t other = 1; other < 2 * half_; ++other) {
            if (cost_[other][i] < cost_[state][i]) state = other;
        }
        const size_t start = (first_lane + i) * length_, end = lane_end(first_lane + i);
        for (size_t position = length_; position-- > 0;) {
            const int32_t word = task_.choices[(position * words_ + state / 32) * WIDTH + i];
            const int odd = word >> state % 32 & 1, subset = state >= half_;
            if (start + position < end) {
                const double x = task_.scaled[start + position];
                int32_t level = static_cast<int32_t>((fabs(x) + subset) * 0.5);
                level -= (level - odd) & 1;
                if (task_.picks[position * WIDTH + i] >> (2 * subset + odd) & 1) level += 2;
                task_.levels[start + position] = x < 0 ? -level : level;
                task_.subsets[start + position] = static_cast<uint8_t>(subset);
            }
            const size_t m = (state & (half_ - 1)) ^ (subset ? turn_ : 0) ^ (odd ? task_.h1 : 0);
            state = 2 * m + static_cast<size_t>(subset);
        }
    }
}

void Viterbi::run(size_t first_lane) {
    for (size_t state = 0; state < 2 * half_; ++state) cost_[state] = Lanes{} + (state ? UNREACHED : 0);
    for (size_t position = 0; position < length_; position += STRIP) {
        const size_t positions = length_ - position < STRIP ? length_ - position : STRIP;
        price_strip(first_lane, position, positions);
        for (size_t s = 0; s < positions; ++s) {
            Lanes choices[MAX_STATES / 32];
            advance(strip_[s], choices);
            memcpy(task_.choices + (position + s) * words_ * WIDTH, choices, words_ * sizeof(Lanes));
        }
    }
    trace(first_lane);
}

}  // namespace

void viterbi(const ViterbiTask &task) {
    Viterbi viterbi(task);
    for (size_t lane = 0; lane < task.lanes && task.count; lane += WIDTH) viterbi.run(lane);
}

}  // namespace FRC_TARGET
}  // namespace encoder
}  // namespace frc
