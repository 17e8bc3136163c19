// CRC-32 of concatenations (spec sections 5 and 12).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// CRC-32 of A ‖ B from the CRC-32 of A, that of B, and the length of B: crc(A) · x^(8 · length) + crc(B) over GF(2).
uint32_t crc32_combine(uint32_t a, uint32_t b, uint64_t length);

}  // namespace frc
