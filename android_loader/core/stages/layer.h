// Decoding of one tensor, from points to elements (spec sections 9 to 11).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "stages/layer_layout.h"
#include "stages/layer_record.h"
#include "stages/region.h"
#include "stages/stream.h"

namespace frc {

/// Adds energies, saturating at ENERGY_TOO_LARGE.
void add_energy(uint64_t *total, uint64_t energy);

/// Decodes one tensor:
///
///     start            check the record and compute the memory needed
///     attach           bind the elements and the memory
///     put              convert points to elements, or buffer them if the tensor is transformed
///     begin_transform  compute the scale from the energy of all points
///     transform        compute the elements of one part, for every part
///
/// Only transformed tensors have parts.
class LayerDecoder {
  public:
    /// `row_steps` are the stream's, nullptr without. Errors: those of `check`; BAD_STREAM if the layer cannot have row
    /// steps.
    Status start(const Layer &layer, const int8_t *row_steps);

    /// Memory that `attach` needs besides the elements.
    size_t memory_bytes() const { return memory_bytes_; }

    /// `elements` are in C order; their contents do not matter. They and the memory must outlive the decoder.
    void attach(void *elements, Arena memory);

    /// Whether points must be put in order by one thread. Otherwise `put` is thread-safe for disjoint points.
    bool in_order() const { return layer_.region == Region::SCAN; }

    /// Takes the points first … first + count - 1 of the region, each once, and adds their energy to `energy`.
    /// Error: BAD_VALUE.
    Status put(int64_t first, const int32_t *points, size_t count, uint64_t *energy);

    /// Decodes a segment of the layer's own stream and puts its points.
    Status put_segment(const Stream &stream, size_t segment, uint64_t *energy, Arena scratch);

    /// Scratch memory that `put_segment` needs.
    static size_t put_scratch_bytes(const Stream &stream);

    /// To be called after the last point, with the energy of all. Error: BAD_RECORD.
    Status begin_transform(uint64_t energy);

    /// Number of parts, of similar size. Set by `begin_transform`.
    size_t parts() const { return parts_; }

    /// Scratch memory that `transform` needs.
    size_t scratch_bytes() const { return layout_.scratch_bytes(); }

    /// Computes one part. Thread-safe for different parts. Error: BAD_VALUE.
    Status transform(size_t part, Arena scratch) const;

  private:
    Status check_row_steps() const;
    double step_of_row(int64_t row) const;
    size_t element_bytes() const;
    bool put_scan(const int32_t *points, size_t count);
    bool put_box(int64_t first, const int32_t *points, size_t count);
    void put_resized(int64_t first, const int32_t *points, size_t count);
    bool put_run(size_t offset, size_t stride, const int32_t *points, size_t count, double step);

    Layer layer_ = {};
    LayerLayout layout_;
    const int8_t *row_steps_ = nullptr;
    int64_t rows_ = 1;  // kept indices of axis 0
    size_t memory_bytes_ = 0;
    ScanOrder scan_;  // position of the next point

    uint8_t *elements_ = nullptr;
    int32_t *points_ = nullptr;     // buffered
    double *row_scales_ = nullptr;  // [rows_], of a transformed layer with row steps
    TransformTask task_ = {};
    size_t parts_ = 0;
};

}  // namespace frc
