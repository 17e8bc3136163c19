#include "container/crc32_combine.h"

namespace frc {
namespace {

constexpr uint32_t GENERATOR = 0xEDB88320, ONE = 0x80000000, X8 = 0x00800000;  // P, x^0, x^8

/// Product of polynomials modulo the generator. Bit 31 is the coefficient of x^0.
uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (int bit = 31; bit >= 0; --bit) {
        if (a >> bit & 1) product ^= b;
        b = b >> 1 ^ (b & 1 ? GENERATOR : 0);
    }
    return product;
}

}  // namespace

uint32_t crc32_combine(uint32_t a, uint32_t b, uint64_t length) {
    uint32_t power = ONE;
    for (uint32_t square = X8; length; length >>= 1, square = multiply(square, square)) {
        if (length & 1) power = multiply(power, square);
    }
    return multiply(power, a) ^ b;
}

}  // namespace frc
