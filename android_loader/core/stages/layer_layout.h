// The axes of a layer: where its points and elements are in memory, and how its transform is divided.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "stages/layer_record.h"
#include "stages/transform.h"

namespace frc {

/// Equal blocks along a transformed axis. Unblocked axes are a single block.
struct Zone {
    Basis basis;
    int64_t start;   ///< first position
    int64_t blocks;  ///< number of blocks, each of the basis' length
    int64_t kept;    ///< kept coefficients of each block
};

/// An axis of more than one position. The strides count elements, and points where they are put.
struct LayerAxis {
    int64_t length;
    int64_t kept;    ///< positions that may have points: of a scan prefix, those of its bounding box
    int64_t region;  ///< length that indices of points count with: of a box its own, of a scan that at full width
    int64_t element_stride;
    int64_t point_stride;
    bool transformed;
    Zone zones[2];  ///< full blocks, then a block cut short by the end of the axis or of the kept box
    int zone_count;
};

/// Points of an untransformed layer are put in the place of their elements. Those of a transformed layer are buffered
/// until all are known: if possible in the memory of the elements, otherwise apart.
///
/// A transformed layer is a set of cells, one for each choice of a zone on every transformed axis.
class LayerLayout {
  public:
    /// For a record that `check` accepts, with at least one point.
    void set(const Layer &layer);

    int axis_count() const { return axis_count_; }
    const LayerAxis &axis(int i) const { return axes_[i]; }

    bool transformed() const { return transform_count_ > 0; }

    /// Whether points are buffered in the memory of the elements.
    bool points_in_elements() const { return points_in_elements_; }

    /// Points of the separate buffer.
    size_t buffer_size() const { return points_in_elements_ ? 0 : box_size_; }

    /// Whether every element is written from points, so that nothing need be cleared before.
    bool covers_elements() const;

    /// Points of a box that are equally spaced, by `run_stride`, from any multiple of `run_length` on.
    int64_t run_length() const { return run_length_; }
    size_t run_stride() const { return axis_count_ ? static_cast<size_t>(axes_[axis_count_ - 1].point_stride) : 1; }

    /// Offset of point number `i` of a box, in C order.
    int64_t box_offset(int64_t i) const;

    /// Memory of the tables that `fill_bases` computes.
    size_t bases_bytes() const;
    void fill_bases(Arena *memory);

    size_t cell_count() const { return cell_count_; }
    Cell cell(size_t number) const;

    /// Maximum over all cells.
    size_t parts_per_cell() const { return parts_per_cell_; }
    size_t scratch_bytes() const { return scratch_bytes_; }

  private:
    void set_axes();
    void set_zones(LayerAxis *axis) const;
    void set_transform_order();
    void set_point_strides();
    void set_runs();
    bool divide_cells();

    Layer layer_ = {};
    LayerAxis axes_[MAX_RANK];
    int axis_count_ = 0;
    int transform_order_[MAX_RANK];  // indices in axes_
    int transform_count_ = 0;
    bool points_in_elements_ = false;
    size_t box_size_ = 0;
    int64_t run_length_ = 1;
    int run_axes_ = 0;  // axes_[run_axes_ …] are those of a run
    size_t cell_count_ = 1;
    size_t parts_per_cell_ = 0;
    size_t scratch_bytes_ = 0;
};

}  // namespace frc
