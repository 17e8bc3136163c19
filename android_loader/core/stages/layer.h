// One tensor from points to elements (spec sections 9 to 11).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "stages/layer_record.h"
#include "stages/region.h"
#include "stages/stream.h"
#include "stages/transform.h"

namespace frc {

/// Fills the elements of a tensor: start, attach, put its points, settle, run all parts.
///
/// Without transform, points become elements as they come. With one, they wait until their energy is known, within the
/// memory of the elements where that is possible.
class LayerDecoder {
  public:
    /// `row_steps`, from the stream, are differences of the step code in 64ths for each kept index of axis 0, or
    /// nullptr. Errors: those of `check`, and BAD_STREAM where the layer can have no such row steps.
    Status start(const Layer &layer, const int8_t *row_steps);

    /// Memory that `attach` takes besides the elements.
    size_t memory_bytes() const { return memory_bytes_; }

    /// Elements are in C order; what they hold does not matter. They and the memory outlive the decoder.
    void attach(void *elements, Arena memory);

    /// Whether points must be put from first to last; otherwise threads may put different ones at the same time.
    bool in_order() const { return layer_.region == Region::SCAN; }

    /// Points first … first + count - 1 of the region, each once; their energy is added to `energy`, up to a limit.
    /// Error: BAD_VALUE.
    Status put(int64_t first, const int32_t *points, size_t count, uint64_t *energy);

    /// Decodes a segment of the layer's own stream and puts its points.
    Status put_segment(const Stream &stream, size_t segment, uint64_t *energy, Arena scratch);

    /// Scratch of `put_segment`.
    static size_t put_scratch_bytes(const Stream &stream);

    /// Behind the last point, with the energy of all. Error: BAD_RECORD.
    Status settle(uint64_t energy);

    /// What remains to be done once settled, in parts of similar size; 0 without transform.
    size_t parts() const { return parts_; }

    /// Scratch of `run`.
    size_t scratch_bytes() const { return scratch_bytes_; }

    /// Computes one part. Threads may run different ones at the same time. Error: BAD_VALUE.
    Status run(size_t part, Arena scratch) const;

  private:
    /// Blocks of one length along a transformed axis, or the whole of it.
    struct Zone {
        Basis basis;
        int64_t start, blocks, kept;  // kept positions of each block
    };
    struct Axis {
        int64_t length, kept;
        int64_t region;  ///< length of the box that points come from; of the axis at full width for a scan prefix
        int64_t element_stride, point_stride;
        bool transformed;
        Zone zones[2];
        int zone_count;
    };

    void set_axes();
    void set_zones(Axis *axis);
    void set_order();
    void set_point_strides();
    Status check_row_steps() const;
    bool covered() const;
    double step_of_row(size_t row) const;
    bool survey();
    Cell cell(size_t combination) const;
    size_t bytes() const;
    bool waits() const { return transforms_ > 0; }
    bool put_scan(const int32_t *points, size_t count);
    bool put_box(int64_t first, const int32_t *points, size_t count);
    void put_cut(int64_t first, const int32_t *points, size_t count);
    bool put_run(size_t offset, size_t stride, const int32_t *points, size_t count, double step);

    Layer layer_;
    Axis axes_[MAX_RANK];  // those of more than one position
    int axis_count_ = 0;
    int order_[MAX_RANK];  // of transformation
    int transforms_ = 0;
    bool in_elements_ = false;  // where points wait
    size_t waiting_ = 0;        // room for them elsewhere
    const int8_t *row_steps_ = nullptr;
    int64_t rows_ = 1;  // kept indices of axis 0
    size_t memory_bytes_ = 0;
    size_t combinations_ = 1;  // of zones
    size_t cell_parts_ = 0;    // of the combination that has most
    size_t scratch_bytes_ = 0;
    ScanOrder scan_;

    uint8_t *elements_ = nullptr;
    int32_t *points_ = nullptr;  // waiting ones
    double *steps_ = nullptr;    // of the rows, if they differ and points wait
    TransformTask task_ = {};
    size_t parts_ = 0;
};

}  // namespace frc
