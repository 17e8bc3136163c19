#include "encode/kernels.h"

#include "stages/kernels.h"

namespace frc {

// Defined by encoder_target.cpp, once for every target.
namespace baseline {
extern const EncoderKernels ENCODER_KERNELS;
}
namespace avx2 {
extern const EncoderKernels ENCODER_KERNELS;
}
namespace avx512 {
extern const EncoderKernels ENCODER_KERNELS;
}

const EncoderKernels &encoder_kernels() {
    // In the order of kernels.cpp.
    static constexpr const EncoderKernels *TARGETS[] = {
#ifdef FRC_HAS_AVX512
        &avx512::ENCODER_KERNELS,
#endif
#ifdef FRC_HAS_AVX2
        &avx2::ENCODER_KERNELS,
#endif
        &baseline::ENCODER_KERNELS,
    };
    return *TARGETS[target()];
}

}  // namespace frc
