// Viterbi's algorithm, over as many lanes at a time as a vector has.

#include "encode/viterbi.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"

namespace frc {
namespace FRC_TARGET {
namespace {

constexpr int32_t UNREACHED = 1 << 28;  // more than any path of the first steps costs
constexpr size_t MOST_STATES = size_t{1} << MAX_TRELLIS;
constexpr size_t KINDS = 4;   // 2 · union + parity of the level
constexpr size_t STRIP = 32;  // steps whose costs are found before states advance

// Vectors as GCC and Clang know them on every processor.
#if defined(__AVX512F__)
constexpr size_t WIDTH = 16;
#elif defined(__AVX2__)
constexpr size_t WIDTH = 8;
#else
constexpr size_t WIDTH = 4;
#endif
using Lanes = int32_t __attribute__((vector_size(4 * WIDTH)));
static_assert(WIDTH <= MOST_PATH_LANES);
using Four = int32_t __attribute__((vector_size(16)));
using FourReals = double __attribute__((vector_size(32)));

/// Squared error and rate of the levels h - 1 … h + 2 of a union, in 1024ths; h is the largest whose point is not above
/// x.
inline Four costs_around(int32_t h, double size, int one, const int32_t *row) {
    constexpr FourReals AROUND = {-2, 0, 2, 4};
    const FourReals distance = size - (AROUND + (2 * h - one));
    FourReals error = distance * distance;
    if (h <= one) error[1 - h] = size * size;  // the point 0 belongs to both unions
    const Four rounded = __builtin_convertvector(error * 1024.0 + 0.5, Four);
    Four price;
    memcpy(&price, row + (h < static_cast<int32_t>(PRICED) ? h : static_cast<int32_t>(PRICED)), sizeof price);
    return rounded + price;
}

class Path {
  public:
    explicit Path(const PathTask &task)
        : task_(task),
          length_((task.count + task.lanes - 1) / task.lanes),
          half_(size_t{1} << (task.state_bits - 1)),
          words_(path_words(task.state_bits)),
          turn_(task.h0 - static_cast<uint32_t>(half_)) {}

    void run(size_t first_lane);

  private:
    size_t lane_end(size_t lane) const;
    void price_strip(size_t first_lane, size_t step, size_t steps);
    void price(double size, size_t context, size_t i, Lanes *costs, uint8_t *pick) const;
    void advance(const Lanes *kinds, Lanes *choices);
    void trace(size_t first_lane);

    const PathTask &task_;
    const size_t length_, half_, words_;
    const uint32_t turn_;
    Lanes strip_[STRIP][KINDS];
    Lanes costs_[2][MOST_STATES];
    Lanes *cost_ = costs_[0], *next_ = costs_[1];
};

size_t Path::lane_end(size_t lane) const {
    const size_t end = (lane + 1) * length_;
    return end < task_.count ? end : task_.count;
}

/// Costs of the kinds of level in some steps; what is missing, behind a lane's end or of lanes, is zero.
void Path::price_strip(size_t first_lane, size_t step, size_t steps) {
    for (size_t i = 0; i < WIDTH; ++i) {
        const size_t lane = first_lane + i, start = lane * length_ + step;
        const size_t end = lane < task_.lanes ? lane_end(lane) : 0;
        for (size_t s = 0; s < steps; ++s) {
            const bool inside = start + s < end;
            price(inside ? fabs(task_.scaled[start + s]) : 0.0, inside ? task_.contexts[start + s] : 0, i, strip_[s],
                  &task_.picks[(step + s) * WIDTH + i]);
        }
    }
}

/// Of the two candidates of every kind, the points next to x from below and above, the better one.
void Path::price(double size, size_t context, size_t i, Lanes *costs, uint8_t *pick) const {
    int picked = 0;
    for (int one = 0; one < 2; ++one) {
        const int32_t *row = task_.prices + (static_cast<size_t>(one) * task_.context_count + context) * PRICES;
        const auto h = static_cast<int32_t>((size + one) * 0.5);
        const Four around = costs_around(h, size, one, row);
        const int same = 2 * one + (h & 1), other = 2 * one + (~h & 1);
        const bool above = around[3] < around[1], next = around[2] < around[0];
        costs[same][i] = above ? around[3] : around[1];
        costs[other][i] = next ? around[2] : around[0];
        picked |= above << same | next << other;
    }
    *pick = static_cast<uint8_t>(picked);
}

/// One step of all states.
void Path::advance(const Lanes *kinds, Lanes *choices) {
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

/// The levels along the cheapest paths, from their ends back to their starts.
void Path::trace(size_t first_lane) {
    for (size_t i = 0; i < WIDTH && first_lane + i < task_.lanes; ++i) {
        size_t state = 0;
        for (size_t other = 1; other < 2 * half_; ++other) {
            if (cost_[other][i] < cost_[state][i]) state = other;
        }
        const size_t start = (first_lane + i) * length_, end = lane_end(first_lane + i);
        for (size_t step = length_; step-- > 0;) {
            const int32_t word = task_.choices[(step * words_ + state / 32) * WIDTH + i];
            const int odd = word >> state % 32 & 1, one = state >= half_;
            if (start + step < end) {
                const double x = task_.scaled[start + step];
                int32_t level = static_cast<int32_t>((fabs(x) + one) * 0.5);
                level -= (level - odd) & 1;
                if (task_.picks[step * WIDTH + i] >> (2 * one + odd) & 1) level += 2;
                task_.levels[start + step] = x < 0 ? -level : level;
                task_.unions[start + step] = static_cast<uint8_t>(one);
            }
            const size_t m = (state & (half_ - 1)) ^ (one ? turn_ : 0) ^ (odd ? task_.h1 : 0);
            state = 2 * m + static_cast<size_t>(one);
        }
    }
}

void Path::run(size_t first_lane) {
    for (size_t state = 0; state < 2 * half_; ++state) cost_[state] = Lanes{} + (state ? UNREACHED : 0);
    for (size_t step = 0; step < length_; step += STRIP) {
        const size_t steps = length_ - step < STRIP ? length_ - step : STRIP;
        price_strip(first_lane, step, steps);
        for (size_t s = 0; s < steps; ++s) {
            Lanes choices[MOST_STATES / 32];
            advance(strip_[s], choices);
            memcpy(task_.choices + (step + s) * words_ * WIDTH, choices, words_ * sizeof(Lanes));
        }
    }
    trace(first_lane);
}

}  // namespace

void find_path(const PathTask &task) {
    Path path(task);
    for (size_t lane = 0; lane < task.lanes && task.count; lane += WIDTH) path.run(lane);
}

}  // namespace FRC_TARGET
}  // namespace frc
