// What a file stores of a tensor besides its stream (spec section 4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

namespace frc {

enum class Region : uint8_t { WHOLE = REGION_WHOLE, BOX = REGION_BOX, SCAN = REGION_SCAN };

/// What a file stores of a tensor besides its levels.
struct Layer {
    DType dtype;
    int rank;
    int64_t shape[MAX_RANK];
    uint32_t axes;   ///< bit a: axis a is transformed
    int block_log2;  ///< every transformed axis is cut into blocks of 2^block_log2 elements; 0: it is not
    Region region;
    int64_t kept[MAX_RANK];  ///< lengths of a box; whole: the shape
    int64_t count;           ///< points of the region
    int step;                ///< step code of a float dtype; what is added to the levels of an integer one
    const int64_t *full;     ///< the shape at full width, to which the region belongs; nullptr if it is `shape`
    double gain;             ///< at another width: what values are multiplied with (spec section 17.2)

    size_t element_bytes() const { return DTYPE_BYTES[static_cast<size_t>(dtype)]; }
    /// The lengths that the region belongs to.
    const int64_t *region_shape() const { return full ? full : shape; }
    bool integer() const { return dtype == DType::INT8 || dtype == DType::UINT8; }
};

/// BAD_RECORD where a field is out of its range (spec section 4), TOO_LARGE where memory has no addresses for the
/// elements.
Status check(const Layer &layer);

/// Product of max(1, length) of any shape at most.
inline constexpr int64_t LARGEST_SIZE = int64_t{1} << 53;

/// The same for what has levels, so that sizes of memory do not wrap around: no stage takes more than two doubles for
/// each position.
inline constexpr int64_t MAX_POSITIONS = PTRDIFF_MAX / 16 < LARGEST_SIZE ? PTRDIFF_MAX / 16 : LARGEST_SIZE;

/// Product of the lengths.
int64_t product(int rank, const int64_t *lengths);

/// Product of max(1, length); -1 above 2^53.
int64_t padded_size(int rank, const int64_t *lengths);

inline constexpr int MAX_STEP_CODE = ((MAX_STEP_EXPONENT + 1) << STEP_MANTISSA_BITS) - 1;

/// The step of a code in 0 … MAX_STEP_CODE: (256 + code mod 256) / 256 · 2^(⌊code / 256⌋ - 90), exactly (section 11).
double step_of(int code);

}  // namespace frc
