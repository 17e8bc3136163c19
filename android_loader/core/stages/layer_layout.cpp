#include "stages/layer_layout.h"

#include "stages/region.h"

namespace frc {
namespace {

/// Scan prefixes of at most this many points are buffered apart: their box is cleared first, which is cheap while
/// small.
constexpr size_t SMALL_BOX = size_t{1} << 18;

/// a / b < c / d for a, c ≥ 0 and b, d > 0, by continued fractions, as products could overflow.
bool ratio_less(int64_t a, int64_t b, int64_t c, int64_t d) {
    for (;;) {
        if (a / b != c / d) return a / b < c / d;
        const int64_t left = a % b, right = c % d;
        if (left == 0 || right == 0) return left == 0 && right != 0;
        // left / b < right / d  if and only if  d / right < b / left
        a = d, c = b, b = right, d = left;
    }
}

/// Largest sum of indices of a scan prefix.
int64_t scan_depth(const Layer &layer) {
    const int64_t strides[MAX_RANK] = {};
    ScanOrder order(layer.rank, layer.region_shape(), strides);
    for (int64_t i = 1; i < layer.count; ++i) order.advance();
    return order.sum();
}

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace

void LayerLayout::set(const Layer &layer) {
    layer_ = layer;
    set_axes();
    if (transformed()) {
        set_transform_order();
        set_point_strides();
        const bool small = layer.region == Region::SCAN && box_size_ <= SMALL_BOX;
        points_in_elements_ = layer.element_bytes() >= sizeof(int32_t) && !small && !layer.full;
        set_point_strides();
        if (!divide_cells()) {
            points_in_elements_ = false;
            set_point_strides();
            divide_cells();
        }
    }
    set_runs();
}

void LayerLayout::set_axes() {
    const bool scan = layer_.region == Region::SCAN;
    const int64_t depth = scan && layer_.axes ? scan_depth(layer_) : 0;
    for (int a = 0; a < layer_.rank; ++a) {
        const int64_t length = layer_.shape[a], full = layer_.region_shape()[a];
        if (length == 1 && full == 1) continue;
        LayerAxis &axis = axes_[axis_count_++];
        axis.length = length;
        axis.region = scan ? full : layer_.kept[a];
        axis.kept = smaller(length, scan ? smaller(depth + 1, full) : axis.region);
        axis.transformed = layer_.axes >> a & 1;
        if (axis.transformed) set_zones(&axis);
        transform_count_ += axis.transformed;
    }
    int64_t stride = 1;
    for (int i = axis_count_ - 1; i >= 0; --i) {
        axes_[i].element_stride = axes_[i].point_stride = stride;
        stride *= axes_[i].length;
    }
}

/// Blocks without kept coefficients are zero and belong to no zone.
void LayerLayout::set_zones(LayerAxis *axis) const {
    const int64_t block = layer_.block_log2 ? int64_t{1} << layer_.block_log2 : axis->length;
    const int64_t full = axis->kept / block, rest = axis->kept % block, start = full * block;
    axis->zone_count = 0;
    if (full) axis->zones[axis->zone_count++] = {Basis(static_cast<size_t>(block)), 0, full, block};
    if (rest) {
        const int64_t length = smaller(block, axis->length - start);
        axis->zones[axis->zone_count++] = {Basis(static_cast<size_t>(length)), start, 1, rest};
    }
}

/// Axes are transformed by ascending length / kept, then by number (spec section 10, step 2).
void LayerLayout::set_transform_order() {
    int sorted = 0;
    for (int i = 0; i < axis_count_; ++i) {
        if (!axes_[i].transformed) continue;
        cell_count_ *= static_cast<size_t>(axes_[i].zone_count);
        int at = sorted++;
        for (; at > 0; --at) {
            const LayerAxis &before = axes_[transform_order_[at - 1]];
            if (!ratio_less(axes_[i].length, axes_[i].kept, before.length, before.kept)) break;
            transform_order_[at] = transform_order_[at - 1];
        }
        transform_order_[at] = i;
    }
}

/// Strides of buffered points: those of the elements, in units of int32_t, or those of the kept box.
void LayerLayout::set_point_strides() {
    const auto unit = static_cast<int64_t>(layer_.element_bytes() / sizeof(int32_t));
    int64_t stride = 1;
    for (int i = axis_count_ - 1; i >= 0; --i) {
        axes_[i].point_stride = points_in_elements_ ? axes_[i].element_stride * unit : stride;
        stride *= axes_[i].kept;
    }
    box_size_ = static_cast<size_t>(stride);
}

/// A run covers the trailing axes whose positions are all kept, and the one before them.
void LayerLayout::set_runs() {
    const bool apart = transformed() && !points_in_elements_;
    run_axes_ = axis_count_;
    for (bool whole = true; run_axes_ > 0 && whole;) {
        const LayerAxis &axis = axes_[--run_axes_];
        run_length_ *= axis.kept;
        whole = apart || axis.kept == axis.length;
    }
}

int64_t LayerLayout::box_offset(int64_t i) const {
    int64_t rest = i / run_length_, offset = i % run_length_ * static_cast<int64_t>(run_stride());
    for (int a = run_axes_ - 1; a >= 0; --a) {
        offset += rest % axes_[a].kept * axes_[a].point_stride;
        rest /= axes_[a].kept;
    }
    return offset;
}

bool LayerLayout::covers_elements() const {
    const bool scan = layer_.region == Region::SCAN;
    if (layer_.count == 0 || (scan && points_in_elements_)) return false;
    for (int i = 0; i < axis_count_; ++i) {
        const LayerAxis &axis = axes_[i];
        const bool partial = axis.kept < axis.length || (scan && !axis.transformed);
        if (partial && (!axis.transformed || layer_.block_log2)) return false;
    }
    return true;
}

size_t LayerLayout::bases_bytes() const {
    size_t bytes = 0;
    for (int i = 0; i < axis_count_; ++i) {
        for (int zone = 0; axes_[i].transformed && zone < axes_[i].zone_count; ++zone) {
            bytes += Arena::bytes<double>(Basis::table_size(axes_[i].zones[zone].basis.length()));
        }
    }
    return bytes;
}

void LayerLayout::fill_bases(Arena *memory) {
    for (int i = 0; i < axis_count_; ++i) {
        for (int zone = 0; axes_[i].transformed && zone < axes_[i].zone_count; ++zone) {
            Basis &basis = axes_[i].zones[zone].basis;
            basis.fill(memory->take<double>(Basis::table_size(basis.length())));
        }
    }
}

/// Divides all cells into parts. Returns false if a part would overwrite points of another one.
bool LayerLayout::divide_cells() {
    parts_per_cell_ = scratch_bytes_ = 0;
    bool independent = true;
    for (size_t number = 0; number < cell_count_; ++number) {
        Cell cell = this->cell(number);
        const size_t parts = cell.divide(), bytes = cell.scratch_bytes();
        if (parts > parts_per_cell_) parts_per_cell_ = parts;
        if (bytes > scratch_bytes_) scratch_bytes_ = bytes;
        independent &= cell.parts_are_independent();
    }
    return independent || !points_in_elements_;
}

Cell LayerLayout::cell(size_t number) const {
    const Zone *zones[MAX_RANK];
    for (int i = 0; i < axis_count_; ++i) {
        if (!axes_[i].transformed) continue;
        const auto count = static_cast<size_t>(axes_[i].zone_count);
        zones[i] = &axes_[i].zones[number % count];
        number /= count;
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
    for (int j = 0; j < transform_count_; ++j) {
        const LayerAxis &axis = axes_[transform_order_[j]];
        const Zone &zone = *zones[transform_order_[j]];
        const bool last = j + 1 == transform_count_;
        if (zone.basis.length() == 1 && (added > 0 || !last)) continue;  // the identity; a cell needs one axis
        cell.add(TransformedAxis{zone.basis, static_cast<size_t>(zone.kept), static_cast<size_t>(axis.point_stride),
                                 static_cast<size_t>(axis.element_stride)});
        ++added;
    }
    return cell;
}

}  // namespace frc
