// CRC-32, by the fastest method that the target has: CRC instructions (ARM), folding with carry-less multiplication
// (x86), or slicing by four.

#include "stages/kernels.h"

#if defined(__PCLMUL__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#elif defined(__aarch64__) && defined(__linux__)
#define FRC_CRC32_MAYBE
extern "C" unsigned long getauxval(unsigned long type);
#endif

namespace frc {
namespace FRC_TARGET {
namespace {

#if defined(__ARM_FEATURE_CRC32)

uint32_t update(const uint8_t *data, size_t size, uint32_t crc) {
    for (; size >= 8; size -= 8, data += 8) crc = __crc32d(crc, load_u32(data) | uint64_t{load_u32(data + 4)} << 32);
    for (; size; --size, ++data) crc = __crc32b(crc, *data);
    return crc;
}

#else

constexpr uint32_t GENERATOR = 0xEDB88320;  // bit 31 - i is the coefficient of x^i; x^32 is implicit

/// value · x modulo the generator.
constexpr uint32_t times_x(uint32_t value) { return value >> 1 ^ (value & 1 ? GENERATOR : 0); }

constexpr int SLICES = 4;

/// of[j][b] is the remainder of the byte b followed by j zero bytes.
struct Tables {
    uint32_t of[SLICES][256];
};

constexpr Tables make_tables() {
    Tables tables{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = times_x(value);
        tables.of[0][byte] = value;
    }
    for (int slice = 1; slice < SLICES; ++slice) {
        for (int byte = 0; byte < 256; ++byte) {
            const uint32_t before = tables.of[slice - 1][byte];
            tables.of[slice][byte] = before >> 8 ^ tables.of[0][before & 255];
        }
    }
    return tables;
}

constexpr Tables TABLES = make_tables();

/// The CRC register after these bytes; `crc` is the register before them.
uint32_t update(const uint8_t *data, size_t size, uint32_t crc) {
    for (; size >= SLICES; size -= SLICES, data += SLICES) {
        crc ^= load_u32(data);
        crc = TABLES.of[3][crc & 255] ^ TABLES.of[2][crc >> 8 & 255] ^ TABLES.of[1][crc >> 16 & 255] ^
              TABLES.of[0][crc >> 24];
    }
    for (; size; --size, ++data) crc = crc >> 8 ^ TABLES.of[0][(crc ^ *data) & 255];
    return crc;
}

#endif

#if defined(FRC_CRC32_MAYBE)

/// Whether the processor has the CRC instructions, which are optional in ARMv8.0.
bool has_instructions() {
    constexpr unsigned long AT_HWCAP = 16, HWCAP_CRC32 = 1 << 7;
    return getauxval(AT_HWCAP) & HWCAP_CRC32;
}

/// The same as `update`.
uint32_t update_by_instructions(const uint8_t *data, size_t size, uint32_t crc) {
    for (; size >= 8; size -= 8, data += 8) {
        const uint64_t bytes = load_u32(data) | uint64_t{load_u32(data + 4)} << 32;
        __asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %x1" : "+r"(crc) : "r"(bytes));
    }
    for (; size; --size, ++data) {
        __asm__(".arch_extension crc\n\tcrc32b %w0, %w0, %w1" : "+r"(crc) : "r"(*data));
    }
    return crc;
}

#endif

#if defined(__PCLMUL__)

/// x^exponent modulo the generator, as the upper half of a factor of 64 bits.
constexpr long long power_of_x(int exponent) {
    uint32_t value = 0x80000000;
    for (int i = 0; i < exponent; ++i) value = times_x(value);
    return static_cast<long long>(uint64_t{value} << 32);
}

/// Folds 16 bytes, A · x^64 + B, into the 16 bytes that follow `BITS` bits later:
///
///     A · (x^(BITS + 64) mod P) + B · (x^BITS mod P) + further
///
/// The product of bit-reflected factors has an extra factor x, hence the - 1.
template <int BITS>
inline __m128i fold(__m128i bytes, __m128i further) {
    constexpr long long OF_A = power_of_x(BITS + 64 - 1), OF_B = power_of_x(BITS - 1);
    const __m128i factors = _mm_set_epi64x(OF_B, OF_A);
    const __m128i a = _mm_clmulepi64_si128(bytes, factors, 0x00), b = _mm_clmulepi64_si128(bytes, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(a, b), further);
}

inline __m128i block(const uint8_t *data) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(data)); }

/// The same as `update`, for at least 64 bytes: four independent chains fold them into 16 congruent bytes.
uint32_t update_by_folding(const uint8_t *data, size_t size, uint32_t crc) {
    __m128i chains[4];
    for (int i = 0; i < 4; ++i) chains[i] = block(data + 16 * i);
    chains[0] = _mm_xor_si128(chains[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
    for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
        for (int i = 0; i < 4; ++i) chains[i] = fold<512>(chains[i], block(data + 16 * i));
    }
    __m128i all = chains[0];
    for (int i = 1; i < 4; ++i) all = fold<128>(all, chains[i]);
    uint8_t rest[16];
    _mm_storeu_si128(reinterpret_cast<__m128i *>(rest), all);
    return update(data, size, update(rest, sizeof rest, 0));
}

#endif

}  // namespace

uint32_t crc32(const uint8_t *data, size_t size, uint32_t crc) {
#if defined(__PCLMUL__)
    if (size >= 64) return ~update_by_folding(data, size, ~crc);
#endif
#if defined(FRC_CRC32_MAYBE)
    if (has_instructions()) return ~update_by_instructions(data, size, ~crc);
#endif
    return ~update(data, size, ~crc);
}

}  // namespace FRC_TARGET
}  // namespace frc
