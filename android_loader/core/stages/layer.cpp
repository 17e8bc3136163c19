#include "stages/layer.h"

#include <math.h>
#include <string.h>

#include "stages/kernels.h"

namespace frc {

void add_energy(uint64_t *total, uint64_t energy) {
    *total += energy;
    if (*total > ENERGY_TOO_LARGE) *total = ENERGY_TOO_LARGE;
}

Status LayerDecoder::start(const Layer &layer, const int8_t *row_steps) {
    FRC_TRY(check(layer));
    layer_ = layer;
    row_steps_ = row_steps;
    if (layer.rank) rows_ = layer.kept[0];
    FRC_TRY(check_row_steps());
    if (layer.count == 0) return {};
    layout_.set(layer);
    if (!layout_.transformed()) return {};
    memory_bytes_ = layout_.bases_bytes() + Arena::SLACK;
    if (row_steps) memory_bytes_ += Arena::bytes<double>(static_cast<size_t>(rows_));
    if (!layout_.points_in_elements()) memory_bytes_ += Arena::bytes<int32_t>(layout_.buffer_size());
    return {};
}

Status LayerDecoder::check_row_steps() const {
    if (!row_steps_) return {};
    if (layer_.integer() || layer_.region == Region::SCAN || layer_.rank == 0 || (layer_.axes & 1)) {
        return {Code::BAD_STREAM, "A stream has row steps, but its tensor cannot have them."};
    }
    for (int64_t row = 0; row < rows_; ++row) {
        const int code = layer_.step + ROW_STEP * row_steps_[row];
        if (code < 0 || code > MAX_STEP_CODE) return {Code::BAD_STREAM, "A row step leads out of the range of steps."};
    }
    return {};
}

double LayerDecoder::step_of_row(int64_t row) const {
    return step_of(layer_.step + (row_steps_ ? ROW_STEP * row_steps_[row] : 0));
}

/// Size of all elements.
size_t LayerDecoder::element_bytes() const {
    return static_cast<size_t>(product(layer_.rank, layer_.shape)) * layer_.element_bytes();
}

void LayerDecoder::attach(void *elements, Arena memory) {
    elements_ = static_cast<uint8_t *>(elements);
    if (!layout_.covers_elements() && element_bytes()) {
        memset(elements, layer_.integer() ? layer_.step : 0, element_bytes());
    }
    if (layer_.region == Region::SCAN) {
        int64_t shape[MAX_RANK], strides[MAX_RANK];
        for (int i = 0; i < layout_.axis_count(); ++i) {
            shape[i] = layout_.axis(i).region;
            strides[i] = layout_.axis(i).point_stride;
        }
        scan_ = ScanOrder(layout_.axis_count(), shape, strides);
    }
    if (!layout_.transformed()) return;
    layout_.fill_bases(&memory);
    if (row_steps_) row_scales_ = memory.take<double>(static_cast<size_t>(rows_));
    if (layout_.points_in_elements()) {
        points_ = static_cast<int32_t *>(elements);
        return;
    }
    points_ = memory.take<int32_t>(layout_.buffer_size());
    if (layer_.region == Region::SCAN) memset(points_, 0, layout_.buffer_size() * sizeof(int32_t));
}

Status LayerDecoder::put(int64_t first, const int32_t *points, size_t count, uint64_t *energy) {
    if (count == 0) return {};
    if (layer_.axes) add_energy(energy, kernels().energy(points, count));
    if (layer_.full) {
        put_resized(first, points, count);
        return {};
    }
    const bool finite = in_order() ? put_scan(points, count) : put_box(first, points, count);
    if (!finite) return {Code::BAD_VALUE, "A decoded weight is not finite in its element type."};
    return {};
}

bool LayerDecoder::put_scan(const int32_t *points, size_t count) {
    const double step = step_of(layer_.step);
    bool finite = true;
    for (size_t i = 0; i < count; ++i, scan_.advance()) {
        finite &= put_run(static_cast<size_t>(scan_.offset()), 1, points + i, 1, step);
    }
    return finite;
}

/// Splits the points into runs of equal spacing and equal step.
bool LayerDecoder::put_box(int64_t first, const int32_t *points, size_t count) {
    const int64_t run_length = layout_.run_length(), row_length = layer_.count / rows_;
    bool finite = true;
    while (count) {
        int64_t size = run_length - first % run_length;
        const int64_t left_of_row = row_length - first % row_length;
        if (row_steps_ && size > left_of_row) size = left_of_row;
        if (static_cast<size_t>(size) > count) size = static_cast<int64_t>(count);
        const auto offset = static_cast<size_t>(layout_.box_offset(first));
        finite &=
            put_run(offset, layout_.run_stride(), points, static_cast<size_t>(size), step_of_row(first / row_length));
        first += size;
        points += size;
        count -= static_cast<size_t>(size);
    }
    return finite;
}

/// Buffers the points of a region at full width, without those past the end of an axis.
void LayerDecoder::put_resized(int64_t first, const int32_t *points, size_t count) {
    int scan_axes = 0;
    for (int a = 0; a < layout_.axis_count(); ++a) scan_axes += layout_.axis(a).region > 1;
    for (size_t i = 0; i < count; ++i) {
        int64_t offset = 0, rest = first + static_cast<int64_t>(i);
        bool inside = true;
        for (int a = layout_.axis_count() - 1, scan_axis = scan_axes; a >= 0; --a) {
            const LayerAxis &axis = layout_.axis(a);
            int64_t index = rest % axis.region;
            rest /= axis.region;
            if (in_order()) index = axis.region > 1 ? scan_.index(--scan_axis) : 0;
            inside &= index < axis.kept;
            offset += index * axis.point_stride;
        }
        if (inside) points_[offset] = points[i];
        if (in_order()) scan_.advance();
    }
}

/// Buffers points `stride` apart, or converts them to consecutive elements. Returns whether all elements are finite.
bool LayerDecoder::put_run(size_t offset, size_t stride, const int32_t *points, size_t count, double step) {
    if (layout_.transformed()) {
        if (stride == 1) {
            memcpy(points_ + offset, points, count * sizeof(int32_t));
        } else {
            for (size_t i = 0; i < count; ++i) points_[offset + i * stride] = points[i];
        }
        return true;
    }
    if (layer_.integer()) {
        for (size_t i = 0; i < count; ++i) elements_[offset + i] = static_cast<uint8_t>(points[i] + layer_.step);
        return true;
    }
    return kernels().points_to_elements(points, count, step, layer_.dtype, elements_ + offset * layer_.element_bytes());
}

/// Stride between the points of two lanes. Not a power of two, so that lanes do not compete for the same cache sets.
static size_t point_stride(const Stream &stream, size_t segment) { return stream.lane_length(segment) + 16; }

size_t LayerDecoder::put_scratch_bytes(const Stream &stream) {
    const size_t points = stream.segments() ? stream.lanes() * point_stride(stream, 0) : 0;
    return Arena::bytes<int32_t>(points) + stream.scratch_bytes() + Arena::SLACK;
}

Status LayerDecoder::put_segment(const Stream &stream, size_t segment, uint64_t *energy, Arena scratch) {
    const size_t stride = point_stride(stream, segment), length = stream.lane_length(segment);
    const size_t size = stream.size(segment);
    int32_t *points = scratch.take<int32_t>(stream.lanes() * stride);
    if (!points) return {Code::TOO_LARGE, "The scratch memory of a segment is too small."};
    FRC_TRY(stream.decode(segment, points, stride, scratch));
    for (size_t done = 0; done < size; done += length, points += stride) {
        const size_t count = size - done < length ? size - done : length;
        FRC_TRY(put(static_cast<int64_t>(segment * Stream::SEGMENT + done), points, count, energy));
    }
    return {};
}

Status LayerDecoder::begin_transform(uint64_t energy) {
    if (!layer_.axes || layer_.count == 0) return {};
    if (energy == 0) {
        if (layout_.transformed()) memset(elements_, 0, element_bytes());
        return {};
    }
    const int fraction = fraction_bits(energy);
    if (fraction < MIN_FRACTION_BITS) {
        return {Code::BAD_RECORD, "Levels of a transformed tensor are too large for an exact result."};
    }
    if (!layout_.transformed()) return {};
    const double gain = layer_.full ? layer_.gain : 1;
    for (int64_t row = 0; row_steps_ && row < rows_; ++row) {
        row_scales_[row] = ldexp(step_of_row(row), -fraction) * gain;
    }
    const double scale = row_steps_ ? 1 : ldexp(step_of(layer_.step), -fraction) * gain;
    const auto row_elements = static_cast<size_t>(layer_.rank ? product(layer_.rank - 1, layer_.shape + 1) : 1);
    task_ = {points_, elements_, layer_.dtype, fraction, scale, row_scales_, row_elements};
    parts_ = layout_.cell_count() * layout_.parts_per_cell();
    return {};
}

Status LayerDecoder::transform(size_t part, Arena scratch) const {
    Cell cell = layout_.cell(part % layout_.cell_count());
    part /= layout_.cell_count();
    return part < cell.divide() ? cell.run(part, task_, scratch) : Status{};
}

}  // namespace frc
