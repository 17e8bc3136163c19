// Channel axes, validated widths, and the entries as they are at a width (spec section 17).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/index.h"
#include "container/memory.h"
#include "container/packed.h"

namespace frc {

/// An entry at a width.
struct Shape {
    const int64_t *lengths;
    uint64_t bytes;
    double gain;   ///< what its values are multiplied with; 1 unless it is resized
    bool resized;  ///< whether a channel axis of it, or of what it is a view of, has another length than at full width
};

/// What a file says about other widths. It lives as long as the pool.
class Widths {
  public:
    /// Reads the payload of the section. Errors: BAD_WIDTHS, TOO_LARGE.
    Status read(Bytes payload, const Index &index, Pool *pool);

    /// Whether a width means something for these entries: as many lengths as groups, and no tensor too large.
    bool possible(const Index &index, const int64_t *lengths, size_t count) const;

    /// All entries at a possible width.
    Status shape(const Index &index, const int64_t *lengths, Pool *pool, Shape *shapes) const;

    /// Number of a validated width; -1 for others.
    int find(const int64_t *lengths) const;

    size_t groups = 0;
    int64_t full[MAX_GROUPS] = {};  ///< lengths of the groups
    const char *label = "";
    size_t count = 0;  ///< of validated widths
    frc_width validated[MAX_WIDTHS] = {};

  private:
    int code(const Index &index, const Entry &entry, int axis) const {
        return codes_ ? codes_[entry.shape - index.shapes + axis] : 0;
    }
    int64_t length(const Index &index, const Entry &entry, int axis, const int64_t *lengths) const;
    Status read_axes(Bytes differences, const Index &index, Pool *pool);
    bool channels_fit(const Index &index, const Entry &entry);
    Status read_validated(Numbers lengths, Bytes scores, Numbers multiply_adds, Bytes checksums, const Index &index,
                          Pool *pool);
    double gain(const Index &index, const Entry &entry, const int64_t *lengths) const;
    void shape_stored(const Index &index, const Entry &entry, const int64_t *lengths, int64_t *next,
                      Shape *shape) const;

    const uint8_t *codes_ = nullptr;  // of the axes of all entries, in the order of Index::shapes
};

}  // namespace frc
