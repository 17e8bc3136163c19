#include "encode/contexts.h"

#include <string.h>

#include "stages/neighbors.h"

namespace frc {
namespace encoder {
namespace FRC_TARGET {
namespace {

/// Contexts of one lane. `magnitudes` are the lane's own, preceded by 2 · row_length zeros.
void lane_contexts(const ContextTask &task, size_t start, size_t size, const uint16_t *__restrict magnitudes) {
    const uint16_t *__restrict one = magnitudes - 1, *__restrict two = magnitudes - 2;
    const uint16_t *__restrict row = magnitudes - task.row_length, *__restrict rows = row - task.row_length;
    const int16_t *__restrict terms = task.class_terms ? task.class_terms + start : nullptr;
    uint8_t *__restrict result = task.result + start;
    const int wn = task.wn, base = task.base, last = task.contexts - 1;
    for (size_t i = 0; i < size; ++i) {
        const int n = scale_of_neighbors(one[i] + two[i] + row[i] + rows[i]);
        result[i] = static_cast<uint8_t>(context_of((terms ? terms[i] : 0) + wn * n, base, last));
    }
}

}  // namespace

void contexts_by_level(const ContextTask &task) {
    const size_t length = (task.count + task.lanes - 1) / task.lanes;
    uint16_t *const own = task.magnitudes + 2 * task.row_length;
    memset(task.magnitudes, 0, 2 * task.row_length * sizeof *own);
    for (size_t start = 0; start < task.count; start += length) {
        const size_t size = task.count - start < length ? task.count - start : length;
        for (size_t i = 0; i < size; ++i) {
            const int32_t point = task.points[start + i], magnitude = point < 0 ? -point : point;
            own[i] = static_cast<uint16_t>(magnitude < MAX_NEIGHBOR_SUM ? magnitude : MAX_NEIGHBOR_SUM);
        }
        lane_contexts(task, start, size, own);
    }
}

}  // namespace FRC_TARGET
}  // namespace encoder
}  // namespace frc
