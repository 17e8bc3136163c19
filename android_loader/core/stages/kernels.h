// The hot loops, compiled once for every target of the processor family and chosen when the library is loaded.
//
// A target is a set of instructions. Every file named behind KERNELS in CMakeLists.txt is compiled for each of them,
// inside a namespace of its own, FRC_TARGET. Such files include only headers whose functions are `static` or
// `constexpr`, so that no code of one target can end up in another. The results are the same bits for all of them.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "stages/lanes.h"
#include "stages/matmul.h"

namespace frc {

/// More energy than any transform can have: F would be below MIN_FRACTION_BITS.
inline constexpr uint64_t ENERGY_TOO_LARGE = (uint64_t{1} << (ENERGY_BITS - 2 * MIN_FRACTION_BITS)) + 1;

/// One target's functions.
struct Kernels {
    const char *name;

    /// CRC-32 of what had the CRC-32 `crc` (0 for nothing), continued by these bytes.
    uint32_t (*crc32)(const uint8_t *data, size_t size, uint32_t crc);

    /// Levels of one segment; lanes.h.
    Status (*decode_lanes)(const LaneTask &task);

    /// Rounded product with rows of a basis; product.h.
    void (*multiply)(const Product &product);

    /// elements[i] = values[i] * scale, rounded to a float dtype (spec section 11). False where one is not finite.
    bool (*to_elements)(const double *values, size_t count, double scale, DType dtype, void *elements);

    /// The same for points; `elements` may be the memory of `points`.
    bool (*points_to_elements)(const int32_t *points, size_t count, double step, DType dtype, void *elements);

    /// Sum of the squares; ENERGY_TOO_LARGE or more stands for everything from there on.
    uint64_t (*energy)(const int32_t *points, size_t count);
};

/// Number of the target in use: the best that the processor has, unless another was selected.
size_t target();

/// The functions of the target in use.
const Kernels &kernels();

/// The name of the i-th target that the processor has, best first; nullptr beyond the last.
const char *target_name(size_t i);

/// Use a target from now on, for tests and measurements. False, and no change, if the processor lacks it.
bool select_target(const char *name);

}  // namespace frc
