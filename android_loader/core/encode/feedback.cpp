#include "encode/feedback.h"

#include <math.h>
#include <string.h>

#include "base/constants.h"
#include "encode/viterbi.h"

namespace frc {
namespace encoder {
namespace FRC_TARGET {
namespace {

constexpr size_t STATES = size_t{1} << FEEDBACK_STATE_BITS;
constexpr float UNREACHED = 1e30f;

/// The transition of a survivor in one column.
struct Move {
    int32_t level;
    float error;
    uint8_t from;  // previous state
};

/// A candidate level of a state.
struct Choice {
    float cost;
    int32_t level;
};

class Feedback {
  public:
    explicit Feedback(const FeedbackTask &task) : task_(task), states_(size_t{1} << task.state_bits) {}

    void run();

  private:
    size_t block_end(size_t position, size_t lane_end) const;
    void set_targets(size_t position, size_t size);
    void choose(double magnitude, size_t state, size_t position, Choice *choices) const;
    void advance(size_t position, size_t b, size_t size);
    void update_pending(size_t position, size_t b, size_t size);
    void trace(size_t position, size_t size);

    const FeedbackTask &task_;
    const size_t states_;
    size_t state_ = 0;  // end of the final part of the path
    float cost_[STATES], next_cost_[STATES];
    double target_[FEEDBACK_BLOCK];          // x_j - Σ U_ij e_i over the columns i of earlier blocks
    float pending_[STATES][FEEDBACK_BLOCK];  // Σ U_ij e_i over the columns i of this block
    float next_pending_[STATES][FEEDBACK_BLOCK];
    Move moves_[FEEDBACK_BLOCK][STATES];
};

/// Blocks do not cross the end of a lane or a row.
size_t Feedback::block_end(size_t position, size_t lane_end) const {
    const size_t column = position % task_.columns, row_end = position - column + task_.columns;
    size_t end = position + FEEDBACK_BLOCK;
    end = end < lane_end ? end : lane_end;
    return end < row_end ? end : row_end;
}

/// Targets of a block, from the errors of the preceding columns of its row.
void Feedback::set_targets(size_t position, size_t size) {
    const size_t first = position % task_.columns;
    alignas(64) float sums[FEEDBACK_BLOCK] = {};
    for (size_t i = 0; i < first; ++i) {
        const float *__restrict row = task_.upper + i * task_.columns + first;
        const float error = task_.errors[i];
        for (size_t b = 0; b < size; ++b) sums[b] += error * row[b];
    }
    for (size_t b = 0; b < size; ++b) target_[b] = task_.scaled[position + b] - static_cast<double>(sums[b]);
}

/// The best even and the best odd level next to |x| in a state: choices[level mod 2].
void Feedback::choose(double magnitude, size_t state, size_t position, Choice *choices) const {
    const int subset = state & 1;
    const auto h = static_cast<int32_t>((magnitude + subset) * 0.5);
    const size_t row = static_cast<size_t>(subset) * task_.context_count + task_.contexts[position];
    const int32_t clipped = h < static_cast<int32_t>(PRICED) ? h : static_cast<int32_t>(PRICED);
    const float *price = task_.prices + row * PRICES + clipped;
    const float weight = task_.weights[position % task_.columns];
    float costs[4];
    for (int i = 0; i < 4; ++i) {
        const int32_t level = h - 1 + i;
        const auto distance = static_cast<float>(magnitude - (2 * level - (level > 0 ? subset : 0)));
        costs[i] = weight * distance * distance + price[i];
    }
    choices[h & 1] = costs[3] < costs[1] ? Choice{costs[3], h + 2} : Choice{costs[1], h};
    choices[~h & 1] = costs[2] < costs[0] || h == 0 ? Choice{costs[2], h + 1} : Choice{costs[0], h - 1};
}

/// Extends all survivors by one column.
void Feedback::advance(size_t position, size_t b, size_t size) {
    for (size_t state = 0; state < states_; ++state) next_cost_[state] = UNREACHED;
    Move *moves = moves_[b];
    for (size_t state = 0; state < states_; ++state) {
        if (cost_[state] >= UNREACHED) continue;
        const double x = target_[b] - static_cast<double>(pending_[state][b]);
        Choice choices[2];
        choose(fabs(x), state, position + b, choices);
        for (uint32_t odd = 0; odd < 2; ++odd) {
            const size_t to = (state >> 1) ^ (state & 1 ? task_.h0 : 0) ^ (odd ? task_.h1 : 0);
            const float cost = cost_[state] + choices[odd].cost;
            if (cost >= next_cost_[to]) continue;
            const int32_t level = x < 0 ? -choices[odd].level : choices[odd].level;
            const int32_t sign = (level > 0) - (level < 0), point = 2 * level - static_cast<int32_t>(state & 1) * sign;
            next_cost_[to] = cost;
            moves[to] = {level, static_cast<float>(point - task_.scaled[position + b]), static_cast<uint8_t>(state)};
        }
    }
    update_pending(position, b, size);
    memcpy(cost_, next_cost_, states_ * sizeof *cost_);
}

/// Adds the errors of column b to the sums of the block's later columns.
void Feedback::update_pending(size_t position, size_t b, size_t size) {
    const Move *moves = moves_[b];
    const size_t column = (position + b) % task_.columns;
    const float *__restrict row = task_.upper + column * task_.columns + (column - b);  // U of the block's columns
    for (size_t to = 0; to < states_; ++to) {
        if (next_cost_[to] >= UNREACHED) continue;
        const float error = moves[to].error;
        const float *__restrict from = pending_[moves[to].from];
        float *__restrict into = next_pending_[to];
        for (size_t c = b + 1; c < size; ++c) into[c] = from[c] + error * row[c];
    }
    memcpy(pending_, next_pending_, states_ * sizeof *pending_);
}

/// Makes the best survivor's path through a block final.
void Feedback::trace(size_t position, size_t size) {
    size_t state = 0;
    for (size_t other = 1; other < states_; ++other) {
        if (cost_[other] < cost_[state]) state = other;
    }
    state_ = state;
    for (size_t b = size; b-- > 0;) {
        const Move &move = moves_[b][state];
        task_.levels[position + b] = move.level;
        task_.subsets[position + b] = move.from & 1;
        task_.errors[(position + b) % task_.columns] = move.error;
        state = move.from;
    }
}

void Feedback::run() {
    for (size_t lane = 0; lane < task_.lanes; ++lane) {
        const auto start = static_cast<size_t>(task_.starts[lane]);
        const size_t lane_end = lane + 1 < task_.lanes ? static_cast<size_t>(task_.starts[lane + 1]) : task_.count;
        state_ = 0;
        for (size_t position = start; position < lane_end;) {
            const size_t size = block_end(position, lane_end) - position;
            set_targets(position, size);
            for (size_t state = 0; state < states_; ++state) cost_[state] = state == state_ ? 0 : UNREACHED;
            memset(pending_[state_], 0, sizeof pending_[state_]);
            for (size_t b = 0; b < size; ++b) advance(position, b, size);
            trace(position, size);
            position += size;
        }
    }
}

}  // namespace

void viterbi_with_feedback(const FeedbackTask &task) { Feedback(task).run(); }

}  // namespace FRC_TARGET
}  // namespace encoder
}  // namespace frc
