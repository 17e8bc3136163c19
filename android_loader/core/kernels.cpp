#include "kernels.h"

namespace frc {

// Defined by target.cpp, once for every target.
namespace baseline {
extern const Kernels KERNELS;
}
#ifdef FRC_X86_TARGETS
namespace avx2 {
extern const Kernels KERNELS;
}
namespace avx512 {
extern const Kernels KERNELS;
}
#endif

namespace {

bool available(const Kernels *target) {
#ifdef FRC_X86_TARGETS
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                          __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
                          __builtin_cpu_supports("pclmul");
    if (target == &avx2::KERNELS) return has_avx2;
    if (target == &avx512::KERNELS) {
        return has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
#endif
    return target == &baseline::KERNELS;
}

constexpr const Kernels *TARGETS[] = {
#ifdef FRC_X86_TARGETS
    &avx512::KERNELS,
    &avx2::KERNELS,
#endif
    &baseline::KERNELS,
};

const Kernels *best() {
    for (const Kernels *target : TARGETS) {
        if (available(target)) return target;
    }
    return &baseline::KERNELS;
}

const Kernels *selected = best();

bool same(const char *a, const char *b) {
    for (; *a && *a == *b; ++a) ++b;
    return *a == *b;
}

}  // namespace

const Kernels &kernels() { return *selected; }

const char *target_name(size_t i) {
    for (const Kernels *target : TARGETS) {
        if (available(target) && i-- == 0) return target->name;
    }
    return nullptr;
}

bool select_target(const char *name) {
    for (const Kernels *target : TARGETS) {
        if (!same(target->name, name) || !available(target)) continue;
        selected = target;
        return true;
    }
    return false;
}

}  // namespace frc
