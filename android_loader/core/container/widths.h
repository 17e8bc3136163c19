// Other widths: channel axes, validated widths, and the shapes of entries at a width (spec section 17).

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
    double gain;   ///< factor of its values; 1 unless resized
    bool resized;  ///< whether its lengths, or those of its target, differ from those at full width
};

/// The parsed section. It lives as long as the pool. A width is a length for each group of channels.
class Widths {
  public:
    /// Reads the payload of the section. Errors: BAD_WIDTHS, TOO_LARGE.
    Status read(Bytes payload, const Index &index, Pool *pool);

    /// Whether the entries can have a width: as many lengths as groups, all in range, and no tensor too large.
    bool possible(const Index &index, const int64_t *lengths, size_t count) const;

    /// Computes the shapes of all entries at a possible width, which live as long as the pool.
    Status shape(const Index &index, const int64_t *lengths, Pool *pool, Shape *shapes) const;

    /// Number of a validated width; -1 if it is not validated.
    int find(const int64_t *lengths) const;

    size_t groups = 0;
    int64_t full[MAX_GROUPS] = {};  ///< lengths of the groups at full width
    const char *label = "";
    size_t count = 0;  ///< number of validated widths
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

    const uint8_t *codes_ = nullptr;  // channel code of each axis of all entries, as in Index::shapes
};

}  // namespace frc
