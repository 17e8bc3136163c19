// Points and transformed values to elements: one multiplication in double, then rounding to the dtype (section 11).

#include "stages/kernels.h"

namespace frc {
namespace FRC_TARGET {
namespace {

constexpr size_t BLOCK = 512;
constexpr uint32_t SINGLE_EXPONENT = 0x7F800000;

inline uint32_t bits_of(float single) {
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return bits;
}

/// binary32 to binary16, ties to even; overflow gives infinity.
inline uint16_t to_half(float single) {
    constexpr float SMALLEST_NORMAL = 6.103515625e-05f;  // 2^-14
    constexpr uint32_t TOO_LARGE = 0x47800000;           // 2^16
    constexpr uint32_t REBIAS = uint32_t{127 - 15} << 23;
    const uint32_t bits = bits_of(single), magnitude = bits & 0x7FFFFFFF;
    // Subnormals: one ulp of the sum is 2^-24, the smallest subnormal.
    const float lifted = (single < 0 ? -single : single) + 0.5f;
    const uint32_t subnormal = bits_of(lifted) - bits_of(0.5f);
    const uint32_t normal = (magnitude - REBIAS + 0xFFF + (magnitude >> 13 & 1)) >> 13;
    uint32_t half = magnitude < bits_of(SMALLEST_NORMAL) ? subnormal : normal;
    half = magnitude < TOO_LARGE ? half : 0x7C00;
    return static_cast<uint16_t>(half | (bits >> 16 & 0x8000));
}

inline uint16_t to_bfloat16(float single) {
    const uint32_t bits = bits_of(single);
    return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

bool to_float64(const double *values, size_t count, double scale, double *elements) {
    bool infinite = false;
    for (size_t i = 0; i < count; ++i) {
        elements[i] = values[i] * scale;
        infinite |= !(elements[i] - elements[i] == 0);
    }
    return !infinite;
}

bool to_float32(const double *values, size_t count, double scale, float *elements) {
    uint32_t infinite = 0;
    for (size_t i = 0; i < count; ++i) {
        elements[i] = static_cast<float>(values[i] * scale);
        infinite |= (bits_of(elements[i]) & SINGLE_EXPONENT) == SINGLE_EXPONENT;
    }
    return !infinite;
}

/// For both 16-bit types; `exponent` masks the exponent bits.
template <uint16_t ROUND(float)>
bool to_16_bits(const double *values, size_t count, double scale, uint16_t exponent, uint16_t *elements) {
    uint32_t infinite = 0;
    for (size_t i = 0; i < count; ++i) {
        elements[i] = ROUND(static_cast<float>(values[i] * scale));
        infinite |= (elements[i] & exponent) == exponent;
    }
    return !infinite;
}

}  // namespace

bool to_elements(const double *values, size_t count, double scale, DType dtype, void *elements) {
    switch (dtype) {
        case DType::FLOAT64:
            return to_float64(values, count, scale, static_cast<double *>(elements));
        case DType::FLOAT32:
            return to_float32(values, count, scale, static_cast<float *>(elements));
        case DType::FLOAT16:
            return to_16_bits<to_half>(values, count, scale, 0x7C00, static_cast<uint16_t *>(elements));
        case DType::BFLOAT16:
            return to_16_bits<to_bfloat16>(values, count, scale, 0x7F80, static_cast<uint16_t *>(elements));
        default:
            return false;
    }
}

bool points_to_elements(const int32_t *points, size_t count, double step, DType dtype, void *elements) {
    double values[BLOCK];
    auto *at = static_cast<uint8_t *>(elements);
    bool finite = true;
    while (count) {
        const size_t size = count < BLOCK ? count : BLOCK;
        for (size_t i = 0; i < size; ++i) values[i] = points[i];
        finite &= to_elements(values, size, step, dtype, at);
        at += size * DTYPE_BYTES[static_cast<size_t>(dtype)];
        points += size;
        count -= size;
    }
    return finite;
}

uint64_t energy(const int32_t *points, size_t count) {
    // 4096 squares of at most 2^46 cannot overflow. A single larger point exceeds ENERGY_TOO_LARGE, so it may be
    // clamped.
    constexpr int32_t LARGEST = 1 << 23;
    uint64_t total = 0;
    while (count) {
        const size_t size = count < 4096 ? count : 4096;
        uint64_t sum = 0;
        for (size_t i = 0; i < size; ++i) {
            const int32_t point = points[i] > LARGEST ? LARGEST : points[i] < -LARGEST ? LARGEST : points[i];
            sum += static_cast<uint64_t>(static_cast<int64_t>(point) * point);
        }
        total += sum;
        if (total > ENERGY_TOO_LARGE) total = ENERGY_TOO_LARGE;
        points += size;
        count -= size;
    }
    return total;
}

}  // namespace FRC_TARGET
}  // namespace frc
