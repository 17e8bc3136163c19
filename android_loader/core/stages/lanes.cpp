// Decodes a segment: contexts from the points decoded so far, levels by rANS, points from the levels. Each iteration
// makes these passes over the lanes; the first and the last are left to the compiler's vectorizer.
//
// Iterations produce points in the order [iteration, lane]. Strips of LANE_STRIP iterations are transposed to the order
// of the stream, [lane, iteration].

#include "stages/lanes.h"

#include "stages/contexts.h"
#include "stages/kernels.h"
#include "stages/neighbors.h"
#include "stages/rans.h"

namespace frc {
namespace FRC_TARGET {
namespace {

class Decoder {
  public:
    explicit Decoder(const LaneTask &task);

    Status run();

  private:
    size_t active(size_t iteration) const { return full_lanes_ + (iteration < rest_); }
    size_t levels_of_lane(size_t lane, size_t iteration, size_t count) const;
    void compute_terms(size_t iteration);
    void transpose_terms(size_t iteration, size_t count);
    void transpose_points(size_t iteration, size_t count);
    template <bool TRELLIS>
    Status decode_strip(size_t iteration, size_t count);
    template <bool TRELLIS>
    void find_rows(size_t iteration, size_t active, const int16_t *terms);
    template <bool TRELLIS>
    void find_points(size_t iteration, size_t active, int32_t *levels);

    /// Magnitudes of the points `back` iterations earlier; zeros before the first.
    const uint16_t *earlier_magnitudes(size_t iteration, size_t back) const {
        return back <= iteration ? magnitudes_ + (iteration - back) % history_ * stride_ : zeros_;
    }

    const LaneTask &task_;
    RansLanes rans_;
    const size_t stride_, length_;
    const size_t full_lanes_, rest_;  // lanes 0 … full_lanes_ - 1 have length_ levels, the next one rest_, others none
    const size_t history_;            // iterations whose magnitudes are kept
    uint32_t *__restrict trellis_;
    uint32_t *__restrict rows_;
    uint16_t *magnitudes_;
    uint16_t *zeros_;
};

Decoder::Decoder(const LaneTask &task)
    : task_(task),
      rans_(task),
      stride_(lane_stride(task.lanes)),
      length_(lane_length(task.lanes, task.count)),
      full_lanes_(task.count / length_),
      rest_(task.count % length_),
      history_(magnitude_rows(task.row_length, task.lanes, task.count) - 1),
      trellis_(task.trellis),
      rows_(task.rows),
      magnitudes_(task.magnitudes),
      zeros_(task.magnitudes + history_ * stride_) {}

Status Decoder::run() {
    FRC_TRY(rans_.start());
    memset(trellis_, 0, task_.lanes * sizeof *trellis_);
    memset(zeros_, 0, stride_ * sizeof *zeros_);
    if (!task_.classes) memset(task_.terms, 0, stride_ * sizeof *task_.terms);
    for (size_t iteration = 0; iteration < length_; iteration += LANE_STRIP) {
        const size_t count = length_ - iteration < LANE_STRIP ? length_ - iteration : LANE_STRIP;
        if (task_.classes && iteration % WINDOW == 0) compute_terms(iteration);
        if (task_.classes) transpose_terms(iteration, count);
        FRC_TRY(task_.h0 ? decode_strip<true>(iteration, count) : decode_strip<false>(iteration, count));
        transpose_points(iteration, count);
    }
    return rans_.finish();
}

/// Levels of a lane in the iterations from `iteration` on, at most `count`.
size_t Decoder::levels_of_lane(size_t lane, size_t iteration, size_t count) const {
    const size_t end = lane < full_lanes_ ? length_ : rest_;
    return end - iteration < count ? end - iteration : count;
}

/// Class terms of the next WINDOW iterations, [lane, iteration].
void Decoder::compute_terms(size_t iteration) {
    for (size_t lane = 0; lane < active(iteration); ++lane) {
        const auto position = static_cast<int64_t>(lane * length_ + iteration);
        task_.classes->class_terms(task_.first + position, levels_of_lane(lane, iteration, WINDOW),
                                   task_.window + lane * WINDOW_STRIDE);
    }
}

/// Class terms of a strip, from [lane, iteration] to [iteration, lane].
void Decoder::transpose_terms(size_t iteration, size_t count) {
    for (size_t lane = 0; lane < active(iteration); ++lane) {
        const int16_t *from = task_.window + lane * WINDOW_STRIDE + iteration % WINDOW;
        int16_t *to = task_.terms + lane;
        if (count == LANE_STRIP) {
            for (size_t i = 0; i < LANE_STRIP; ++i) to[i * stride_] = from[i];
        } else {
            for (size_t i = 0; i < count; ++i) to[i * stride_] = from[i];
        }
    }
}

/// Points of a strip, from [iteration, lane] to [lane, iteration].
void Decoder::transpose_points(size_t iteration, size_t count) {
    for (size_t lane = 0; lane < active(iteration); ++lane) {
        const int32_t *from = task_.levels + lane;
        int32_t *to = task_.points + lane * task_.point_stride + iteration;
        const size_t size = levels_of_lane(lane, iteration, count);
        if (size == LANE_STRIP) {
            for (size_t i = 0; i < LANE_STRIP; ++i) to[i] = from[i * stride_];
        } else {
            for (size_t i = 0; i < size; ++i) to[i] = from[i * stride_];
        }
    }
}

template <bool TRELLIS>
Status Decoder::decode_strip(size_t iteration, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const size_t lanes = active(iteration + i);
        int32_t *levels = task_.levels + i * stride_;
        find_rows<TRELLIS>(iteration + i, lanes, task_.classes ? task_.terms + i * stride_ : task_.terms);
        FRC_TRY(rans_.decode(lanes, levels));
        find_points<TRELLIS>(iteration + i, lanes, levels);
    }
    return {};
}

/// The tables of an iteration: row · SLOTS for the context, and the subset, of every lane.
template <bool TRELLIS>
void Decoder::find_rows(size_t iteration, size_t active, const int16_t *__restrict terms) {
    const uint16_t *__restrict one = earlier_magnitudes(iteration, 1);
    const uint16_t *__restrict two = earlier_magnitudes(iteration, 2);
    const uint16_t *__restrict row = earlier_magnitudes(iteration, task_.row_length);
    const uint16_t *__restrict rows = earlier_magnitudes(iteration, 2 * task_.row_length);
    uint32_t *__restrict to = rows_;
    const uint32_t *__restrict trellis = trellis_;
    const int wn = task_.wn, base = task_.base, last = task_.contexts - 1;
    for (size_t lane = 0; lane < active; ++lane) {
        const int n = scale_of_neighbors(one[lane] + two[lane] + row[lane] + rows[lane]);
        int context = context_of(terms[lane] + wn * n, base, last);
        if (TRELLIS) context += static_cast<int>(trellis[lane] & 1) * (last + 1);
        to[lane] = static_cast<uint32_t>(context) << FREQUENCY_BITS;
    }
}

/// Points from levels (spec section 8.4), and the state that later iterations need.
template <bool TRELLIS>
void Decoder::find_points(size_t iteration, size_t active, int32_t *__restrict levels) {
    uint16_t *__restrict magnitudes = magnitudes_ + iteration % history_ * stride_;
    uint32_t *__restrict trellis = trellis_;
    const uint32_t h0 = task_.h0, h1 = task_.h1;
    for (size_t lane = 0; lane < active; ++lane) {
        int32_t point = levels[lane];
        if (TRELLIS) {
            const uint32_t state = trellis[lane], subset_mask = 0 - (state & 1);
            const int32_t sign = (point >> 31) | (point != 0);
            trellis[lane] = (state >> 1) ^ (subset_mask & h0) ^ ((0 - (static_cast<uint32_t>(point) & 1)) & h1);
            point = static_cast<int32_t>(2 * static_cast<uint32_t>(point) -
                                         (subset_mask & 1) * static_cast<uint32_t>(sign));
            levels[lane] = point;
        }
        const int32_t magnitude = point < 0 ? -point : point;
        magnitudes[lane] = static_cast<uint16_t>(magnitude < MAX_NEIGHBOR_SUM ? magnitude : MAX_NEIGHBOR_SUM);
    }
}

}  // namespace

Status decode_lanes(const LaneTask &task) { return Decoder(task).run(); }

}  // namespace FRC_TARGET
}  // namespace frc
