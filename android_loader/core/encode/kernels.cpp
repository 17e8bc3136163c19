#include "encode/kernels.h"

#include "stages/kernels.h"

namespace frc {
namespace encoder {

// Defined by target.cpp, once per target.
namespace baseline {
extern const Kernels KERNELS;
}
namespace avx2 {
extern const Kernels KERNELS;
}
namespace avx512 {
extern const Kernels KERNELS;
}

const Kernels &kernels() {
    // In the same order as in stages/kernels.cpp.
    static constexpr const Kernels *TARGETS[] = {
#ifdef FRC_HAS_AVX512
        &avx512::KERNELS,
#endif
#ifdef FRC_HAS_AVX2
        &avx2::KERNELS,
#endif
        &baseline::KERNELS,
    };
    return *TARGETS[target()];
}

}  // namespace encoder
}  // namespace frc
