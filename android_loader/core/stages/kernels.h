// The hot loops, compiled once per target; the best supported target is selected when the library is loaded.
//
// A target is an instruction set. Every file listed after KERNELS in CMakeLists.txt is compiled for each target, in the
// namespace FRC_TARGET. These files include only headers whose functions are `static` or `constexpr`, so that the
// linker cannot merge code of different targets. All targets give the same bits.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "stages/lanes.h"
#include "stages/matmul.h"

namespace frc {

/// The least energy whose F would be below MIN_FRACTION_BITS. Sums of energies saturate here.
inline constexpr uint64_t ENERGY_TOO_LARGE = (uint64_t{1} << (ENERGY_BITS - 2 * MIN_FRACTION_BITS)) + 1;

/// The functions of one target.
struct Kernels {
    const char *name;

    /// Updates a CRC-32, 0 at the beginning.
    uint32_t (*crc32)(const uint8_t *data, size_t size, uint32_t crc);

    /// Decodes one segment; lanes.h.
    Status (*decode_lanes)(const LaneTask &task);

    /// Rounded matrix product with a basis; matmul.h.
    void (*matmul)(const MatmulTask &task);

    /// elements[i] = values[i] · scale, rounded to a float dtype (spec section 11). Returns whether all are finite.
    bool (*to_elements)(const double *values, size_t count, double scale, DType dtype, void *elements);

    /// The same for points. `elements` may alias `points`.
    bool (*points_to_elements)(const int32_t *points, size_t count, double step, DType dtype, void *elements);

    /// Sum of squares, saturating at ENERGY_TOO_LARGE.
    uint64_t (*energy)(const int32_t *points, size_t count);
};

/// Index of the target in use: the best that the processor supports, unless another was selected.
size_t target();

/// The functions of the target in use.
const Kernels &kernels();

/// Name of the i-th supported target, best first; nullptr after the last.
const char *target_name(size_t i);

/// Selects a target, for tests and benchmarks. Returns false, without effect, if it is not supported.
bool select_target(const char *name);

}  // namespace frc
