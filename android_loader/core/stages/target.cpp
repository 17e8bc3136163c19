// The decoder's functions of one target.

#include "stages/kernels.h"

#define FRC_TEXT_OF(name) #name
#define FRC_TEXT(name) FRC_TEXT_OF(name)

namespace frc {
namespace FRC_TARGET {

uint32_t crc32(const uint8_t *data, size_t size, uint32_t crc);
Status decode_lanes(const LaneTask &task);
void matmul(const MatmulTask &task);
bool to_elements(const double *values, size_t count, double scale, DType dtype, void *elements);
bool points_to_elements(const int32_t *points, size_t count, double step, DType dtype, void *elements);
uint64_t energy(const int32_t *points, size_t count);

extern const Kernels KERNELS;
const Kernels KERNELS = {
    FRC_TEXT(FRC_TARGET), crc32, decode_lanes, matmul, to_elements, points_to_elements, energy,
};

}  // namespace FRC_TARGET
}  // namespace frc
