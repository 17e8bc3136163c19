#include "encode/contexts.h"

#include <string.h>

#include "base/constants.h"

namespace frc {
namespace FRC_TARGET {
namespace {

/// The contexts of one lane; `magnitudes` points at the lane's own, behind zeros for what lies before it.
void find_lane(const ContextTask &task, size_t start, size_t size, const uint16_t *__restrict magnitudes) {
    const uint16_t *__restrict one = magnitudes - 1, *__restrict two = magnitudes - 2;
    const uint16_t *__restrict row = magnitudes - task.row_length, *__restrict rows = row - task.row_length;
    const int16_t *__restrict terms = task.class_terms ? task.class_terms + start : nullptr;
    uint8_t *__restrict found = task.found + start;
    const int wn = task.wn, base = task.base, last = task.contexts - 1;
    for (size_t i = 0; i < size; ++i) {
        int t = one[i] + two[i] + row[i] + rows[i];
        t = t < MAX_NEIGHBOR_SUM ? t : MAX_NEIGHBOR_SUM;
        // the exponent of T⁴ in single precision, as in lanes.cpp
        const float single = static_cast<float>(t), squared = single * single, fourth = squared * squared;
        int32_t bits;
        memcpy(&bits, &fourth, sizeof bits);
        int n = (bits >> 23) - 126;
        n = n > 0 ? n : 0;
        int context = (((terms ? terms[i] : 0) + wn * n) >> CONTEXT_SHIFT) - base;
        context = context < last ? context : last;
        found[i] = static_cast<uint8_t>(context > 0 ? context : 0);
    }
}

}  // namespace

void find_contexts(const ContextTask &task) {
    const size_t length = (task.count + task.lanes - 1) / task.lanes;
    uint16_t *const own = task.magnitudes + 2 * task.row_length;
    memset(task.magnitudes, 0, 2 * task.row_length * sizeof *own);
    for (size_t start = 0; start < task.count; start += length) {
        const size_t size = task.count - start < length ? task.count - start : length;
        for (size_t i = 0; i < size; ++i) {
            const int32_t point = task.points[start + i], magnitude = point < 0 ? -point : point;
            own[i] = static_cast<uint16_t>(magnitude < MAX_NEIGHBOR_SUM ? magnitude : MAX_NEIGHBOR_SUM);
        }
        find_lane(task, start, size, own);
    }
}

}  // namespace FRC_TARGET
}  // namespace frc
