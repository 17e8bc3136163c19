// The record of a tensor that is coded as levels (spec section 4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

namespace frc {

enum class Region : uint8_t { WHOLE = REGION_WHOLE, BOX = REGION_BOX, SCAN = REGION_SCAN };

/// Everything about a tensor except its levels.
struct Layer {
    DType dtype;
    int rank;
    int64_t shape[MAX_RANK];
    uint32_t axes;   ///< bit a: axis a is transformed
    int block_log2;  ///< transformed axes are cut into blocks of 2^block_log2 elements; 0: not cut
    Region region;
    int64_t kept[MAX_RANK];  ///< box: its lengths; otherwise the shape
    int64_t count;           ///< number of points of the region
    int step;                ///< float dtypes: the step code; integer dtypes: an offset, added to the levels
    const int64_t *full;     ///< the shape at full width, which the region refers to; nullptr if equal to `shape`
    double gain;             ///< factor of the values at another width (spec section 17.2)

    size_t element_bytes() const { return DTYPE_BYTES[static_cast<size_t>(dtype)]; }

    /// The shape that the region refers to.
    const int64_t *region_shape() const { return full ? full : shape; }
    bool integer() const { return dtype == DType::INT8 || dtype == DType::UINT8; }
};

/// Checks all fields. Errors: BAD_RECORD if one is out of range (spec section 4), TOO_LARGE if the elements exceed the
/// address space.
Status check(const Layer &layer);

/// Upper bound of the product of max(1, length) of a shape.
inline constexpr int64_t LARGEST_SIZE = int64_t{1} << 53;

/// The same for shapes that have levels. No stage needs more than 16 bytes per position, so sizes cannot overflow.
inline constexpr int64_t MAX_POSITIONS = PTRDIFF_MAX / 16 < LARGEST_SIZE ? PTRDIFF_MAX / 16 : LARGEST_SIZE;

/// Product of the lengths.
int64_t product(int rank, const int64_t *lengths);

/// Product of max(1, length); -1 if above 2^53.
int64_t padded_size(int rank, const int64_t *lengths);

inline constexpr int MAX_STEP_CODE = ((MAX_STEP_EXPONENT + 1) << STEP_MANTISSA_BITS) - 1;

/// The step of a code in 0 … MAX_STEP_CODE: (256 + code mod 256) / 256 · 2^(⌊code / 256⌋ - 90), exactly (section 11).
double step_of(int code);

}  // namespace frc
