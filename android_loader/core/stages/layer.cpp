#include "stages/layer.h"

#include <math.h>
#include <string.h>

#include "stages/kernels.h"

namespace frc {
namespace {

constexpr size_t SMALL_BOX = size_t{1} << 18;  // points of a scan prefix that wait apart, to keep their box clear

/// a / b < c / d for a, c >= 0 and b, d > 0, by their continued fractions: products might not fit.
bool ratio_less(int64_t a, int64_t b, int64_t c, int64_t d) {
    for (;;) {
        if (a / b != c / d) return a / b < c / d;
        const int64_t rest = a % b, other = c % d;
        if (rest == 0 || other == 0) return rest == 0 && other != 0;
        // rest / b < other / d  means  d / other < b / rest
        a = d, c = b, b = other, d = rest;
    }
}

}  // namespace

Status LayerDecoder::start(const Layer &layer, const int8_t *row_steps) {
    FRC_TRY(check(layer));
    layer_ = layer;
    row_steps_ = row_steps;
    if (layer.rank) rows_ = layer.kept[0];
    FRC_TRY(check_row_steps());
    if (layer.count == 0) return {};
    set_axes();
    if (!waits()) return {};
    for (int i = 0; i < transforms_; ++i) {
        Axis &axis = axes_[order_[i]];
        for (int zone = 0; zone < axis.zone_count; ++zone) {
            memory_bytes_ += Arena::bytes<double>(Basis::table_size(axis.zones[zone].basis.length()));
        }
        combinations_ *= static_cast<size_t>(axis.zone_count);
    }
    set_point_strides();
    const bool small = layer.region == Region::SCAN && waiting_ <= SMALL_BOX;
    in_elements_ = layer.element_bytes() >= sizeof(int32_t) && !small && !layer.full;
    set_point_strides();
    if (!survey()) {
        in_elements_ = false;
        set_point_strides();
        survey();
    }
    if (row_steps) memory_bytes_ += Arena::bytes<double>(static_cast<size_t>(rows_));
    if (!in_elements_) memory_bytes_ += Arena::bytes<int32_t>(waiting_);
    memory_bytes_ += Arena::SLACK;
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

double LayerDecoder::step_of_row(size_t row) const {
    return step_of(layer_.step + (row_steps_ ? ROW_STEP * row_steps_[row] : 0));
}

/// The axes that matter; their kept lengths are those of a box that holds the region.
void LayerDecoder::set_axes() {
    int64_t sum = 0;
    if (layer_.region == Region::SCAN && layer_.axes) {
        const int64_t nowhere[MAX_RANK] = {};
        ScanOrder order(layer_.rank, layer_.region_shape(), nowhere);
        for (int64_t i = 1; i < layer_.count; ++i) order.advance();
        sum = order.sum();
    }
    for (int a = 0; a < layer_.rank; ++a) {
        const int64_t length = layer_.shape[a], full = layer_.region_shape()[a];
        if (length == 1 && full == 1) continue;
        Axis &axis = axes_[axis_count_++];
        axis.length = length;
        axis.region = layer_.region == Region::SCAN ? full : layer_.kept[a];
        axis.kept = layer_.region == Region::SCAN && sum + 1 < full ? sum + 1 : axis.region;
        if (axis.kept > length) axis.kept = length;
        axis.transformed = layer_.axes >> a & 1;
        if (axis.transformed) set_zones(&axis);
    }
    int64_t stride = 1;
    for (int i = axis_count_ - 1; i >= 0; --i) {
        axes_[i].element_stride = stride;
        stride *= axes_[i].length;
    }
    set_order();
}

/// Full blocks, and the one that is cut short by the end of the axis or of the kept box. Others are zero.
void LayerDecoder::set_zones(Axis *axis) {
    const int64_t block = layer_.block_log2 ? int64_t{1} << layer_.block_log2 : axis->length;
    const int64_t full = axis->kept / block, rest = axis->kept % block, start = full * block;
    axis->zone_count = 0;
    if (full) axis->zones[axis->zone_count++] = {Basis(static_cast<size_t>(block)), 0, full, block};
    if (rest) {
        const int64_t length = axis->length - start < block ? axis->length - start : block;
        axis->zones[axis->zone_count++] = {Basis(static_cast<size_t>(length)), start, 1, rest};
    }
}

/// Least growth first, then lowest axis.
void LayerDecoder::set_order() {
    for (int i = 0; i < axis_count_; ++i) {
        if (!axes_[i].transformed) continue;
        int at = transforms_++;
        for (; at > 0; --at) {
            const Axis &before = axes_[order_[at - 1]];
            if (!ratio_less(axes_[i].length, axes_[i].kept, before.length, before.kept)) break;
            order_[at] = order_[at - 1];
        }
        order_[at] = i;
    }
}

/// Steps between waiting points: those of the elements, or those of the kept box.
void LayerDecoder::set_point_strides() {
    const auto unit = static_cast<int64_t>(layer_.element_bytes() / sizeof(int32_t));
    int64_t stride = 1;
    for (int i = axis_count_ - 1; i >= 0; --i) {
        axes_[i].point_stride = in_elements_ ? axes_[i].element_stride * unit : stride;
        stride *= axes_[i].kept;
    }
    waiting_ = static_cast<size_t>(stride);
}

/// Divides all cells. False if points cannot wait in the memory of the elements.
bool LayerDecoder::survey() {
    cell_parts_ = scratch_bytes_ = 0;
    bool apart = true;
    for (size_t combination = 0; combination < combinations_; ++combination) {
        Cell each = cell(combination);
        const size_t parts = each.divide(), bytes = each.scratch_bytes();
        if (parts > cell_parts_) cell_parts_ = parts;
        if (bytes > scratch_bytes_) scratch_bytes_ = bytes;
        apart &= each.apart();
    }
    return apart || !in_elements_;
}

/// The cell of one zone of every transformed axis.
Cell LayerDecoder::cell(size_t combination) const {
    const Zone *zones[MAX_RANK];
    for (int i = 0; i < axis_count_; ++i) {
        if (!axes_[i].transformed) continue;
        const auto count = static_cast<size_t>(axes_[i].zone_count);
        zones[i] = &axes_[i].zones[combination % count];
        combination /= count;
    }
    Cell cell;
    for (int i = 0; i < axis_count_; ++i) {
        const auto points = static_cast<size_t>(axes_[i].point_stride);
        const auto elements = static_cast<size_t>(axes_[i].element_stride);
        if (!axes_[i].transformed) {
            cell.add(FreeAxis{static_cast<size_t>(axes_[i].kept), points, elements});
            continue;
        }
        const size_t start = static_cast<size_t>(zones[i]->start), block = zones[i]->basis.length();
        cell.move(start * points, start * elements);
        if (zones[i]->blocks > 1) {
            cell.add(FreeAxis{static_cast<size_t>(zones[i]->blocks), block * points, block * elements});
        }
    }
    int added = 0;
    for (int j = 0; j < transforms_; ++j) {
        const Axis &axis = axes_[order_[j]];
        const Zone &zone = *zones[order_[j]];
        if (zone.basis.length() == 1 && (added > 0 || j + 1 < transforms_)) continue;  // it leaves numbers as they are
        cell.add(TransformedAxis{zone.basis, static_cast<size_t>(zone.kept), static_cast<size_t>(axis.point_stride),
                                 static_cast<size_t>(axis.element_stride)});
        ++added;
    }
    return cell;
}

/// Size of the elements.
size_t LayerDecoder::bytes() const {
    return static_cast<size_t>(product(layer_.rank, layer_.shape)) * layer_.element_bytes();
}

/// Whether every element is written as a result of points, so that nothing need be cleared beforehand.
bool LayerDecoder::covered() const {
    if (layer_.count == 0 || (layer_.region == Region::SCAN && in_elements_)) return false;
    for (int i = 0; i < axis_count_; ++i) {
        const Axis &axis = axes_[i];
        const bool partial = axis.kept < axis.length || (layer_.region == Region::SCAN && !axis.transformed);
        if (partial && (!axis.transformed || layer_.block_log2)) return false;
    }
    return true;
}

void LayerDecoder::attach(void *elements, Arena memory) {
    elements_ = static_cast<uint8_t *>(elements);
    if (!covered() && bytes()) memset(elements, layer_.integer() ? layer_.step : 0, bytes());
    if (layer_.region == Region::SCAN) {
        int64_t strides[MAX_RANK], shape[MAX_RANK];
        for (int i = 0; i < axis_count_; ++i) {
            shape[i] = axes_[i].region;
            strides[i] = waits() ? axes_[i].point_stride : axes_[i].element_stride;
        }
        scan_ = ScanOrder(axis_count_, shape, strides);
    }
    if (!waits()) return;
    for (int i = 0; i < transforms_; ++i) {
        Axis &axis = axes_[order_[i]];
        for (int zone = 0; zone < axis.zone_count; ++zone) {
            Basis &basis = axis.zones[zone].basis;
            basis.fill(memory.take<double>(Basis::table_size(basis.length())));
        }
    }
    if (row_steps_) steps_ = memory.take<double>(static_cast<size_t>(rows_));
    if (in_elements_) {
        points_ = reinterpret_cast<int32_t *>(elements);
    } else {
        points_ = memory.take<int32_t>(waiting_);
        if (layer_.region == Region::SCAN) memset(points_, 0, waiting_ * sizeof(int32_t));
    }
}

Status LayerDecoder::put(int64_t first, const int32_t *points, size_t count, uint64_t *energy) {
    if (count == 0) return {};
    if (layer_.axes) {
        *energy += kernels().energy(points, count);
        if (*energy > ENERGY_TOO_LARGE) *energy = ENERGY_TOO_LARGE;
    }
    if (layer_.full) {
        put_cut(first, points, count);
        return {};
    }
    const bool finite = in_order() ? put_scan(points, count) : put_box(first, points, count);
    if (!finite) return {Code::BAD_VALUE, "A decoded weight does not fit into its element type."};
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

bool LayerDecoder::put_box(int64_t first, const int32_t *points, size_t count) {
    // runs: as many trailing axes as lie in one piece
    int outer = axis_count_;
    int64_t run = 1;
    bool whole = true;
    for (; outer > 0 && whole; --outer) {
        run *= axes_[outer - 1].kept;
        whole = axes_[outer - 1].kept == axes_[outer - 1].length || (waits() && !in_elements_);
    }
    const size_t stride = waits() && in_elements_ ? layer_.element_bytes() / sizeof(int32_t) : 1;
    const int64_t row_points = layer_.count / rows_;
    bool finite = true;
    while (count) {
        int64_t rest = first / run, offset = first % run * static_cast<int64_t>(stride);
        for (int i = outer - 1; i >= 0; --i) {
            offset += rest % axes_[i].kept * (waits() ? axes_[i].point_stride : axes_[i].element_stride);
            rest /= axes_[i].kept;
        }
        int64_t left = run - first % run;
        const int64_t row = first / row_points, left_of_row = row_points - first % row_points;
        if (row_steps_ && left > left_of_row) left = left_of_row;
        const size_t some = static_cast<size_t>(left) < count ? static_cast<size_t>(left) : count;
        const double step = step_of_row(static_cast<size_t>(row));
        finite &= put_run(static_cast<size_t>(offset), stride, points, some, step);
        first += static_cast<int64_t>(some);
        points += some;
        count -= some;
    }
    return finite;
}

/// Points of another width, of which those behind the end of an axis are dropped. They always wait apart.
void LayerDecoder::put_cut(int64_t first, const int32_t *points, size_t count) {
    int scanned = 0;  // axes that the scan order knows
    for (int a = 0; a < axis_count_; ++a) scanned += axes_[a].region > 1;
    for (size_t i = 0; i < count; ++i) {
        int64_t offset = 0, rest = first + static_cast<int64_t>(i);
        bool inside = true;
        for (int a = axis_count_ - 1, at = scanned; a >= 0; --a) {
            const Axis &axis = axes_[a];
            int64_t index = rest % axis.region;
            rest /= axis.region;
            if (in_order()) index = axis.region > 1 ? scan_.index(--at) : 0;
            inside &= index < axis.kept;
            offset += index * axis.point_stride;
        }
        if (inside) points_[offset] = points[i];
        if (in_order()) scan_.advance();
    }
}

/// Points to consecutive elements, or to where they wait, `stride` apart.
bool LayerDecoder::put_run(size_t offset, size_t stride, const int32_t *points, size_t count, double step) {
    if (waits()) {
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

/// Points between the first ones of two lanes of a segment: no power of two, as many lanes are written side by side.
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
        const size_t some = size - done < length ? size - done : length;
        FRC_TRY(put(static_cast<int64_t>(segment * Stream::SEGMENT + done), points, some, energy));
    }
    return {};
}

Status LayerDecoder::settle(uint64_t energy) {
    if (!layer_.axes || layer_.count == 0) return {};
    if (energy == 0) {
        if (waits()) memset(elements_, 0, bytes());
        return {};
    }
    const int fraction = fraction_bits(energy);
    if (fraction < MIN_FRACTION_BITS) {
        return {Code::BAD_RECORD, "Levels of a transformed tensor are too large for an exact result."};
    }
    if (!waits()) return {};
    const double gain = layer_.full ? layer_.gain : 1;
    for (int64_t row = 0; row_steps_ && row < rows_; ++row) {
        steps_[row] = ldexp(step_of_row(static_cast<size_t>(row)), -fraction) * gain;
    }
    const double scale = row_steps_ ? 1 : ldexp(step_of(layer_.step), -fraction) * gain;
    const auto row_elements = static_cast<size_t>(layer_.rank ? product(layer_.rank - 1, layer_.shape + 1) : 1);
    task_ = {points_, elements_, layer_.dtype, fraction, scale, steps_, row_elements};
    parts_ = combinations_ * cell_parts_;
    return {};
}

Status LayerDecoder::run(size_t part, Arena scratch) const {
    Cell mine = cell(part % combinations_);
    part /= combinations_;
    return part < mine.divide() ? mine.run(part, task_, scratch) : Status{};
}

}  // namespace frc
