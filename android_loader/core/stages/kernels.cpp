#include "stages/kernels.h"

namespace frc {

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

namespace {

// Best first; encode/kernels.cpp has the same order.
constexpr const Kernels *TARGETS[] = {
#ifdef FRC_HAS_AVX512
    &avx512::KERNELS,
#endif
#ifdef FRC_HAS_AVX2
    &avx2::KERNELS,
#endif
    &baseline::KERNELS,
};
constexpr size_t COUNT = sizeof TARGETS / sizeof *TARGETS;

bool available(const Kernels *target) {
    bool supported = true;
#ifdef FRC_HAS_AVX2
    __builtin_cpu_init();
    if (target != &baseline::KERNELS) {
        supported = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
    }
#endif
#ifdef FRC_HAS_AVX512
    if (target == &avx512::KERNELS) {
        supported = supported && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
#endif
    (void)target;
    return supported;
}

size_t best() {
    size_t target = 0;
    while (!available(TARGETS[target])) ++target;
    return target;
}

size_t selected = best();

bool equal(const char *a, const char *b) {
    for (; *a && *a == *b; ++a) ++b;
    return *a == *b;
}

}  // namespace

size_t target() { return selected; }

const Kernels &kernels() { return *TARGETS[selected]; }

const char *target_name(size_t i) {
    for (const Kernels *target : TARGETS) {
        if (available(target) && i-- == 0) return target->name;
    }
    return nullptr;
}

bool select_target(const char *name) {
    for (size_t target = 0; target < COUNT; ++target) {
        if (!equal(TARGETS[target]->name, name) || !available(TARGETS[target])) continue;
        selected = target;
        return true;
    }
    return false;
}

}  // namespace frc
