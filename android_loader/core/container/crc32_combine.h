// CRC-32 of bytes that are not in one place (spec sections 5 and 12).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// The CRC-32 of A ‖ B from those of A and of B, and the length of B: crc(A) · x^(8 · length) + crc(B) over GF(2).
uint32_t combined(uint32_t a, uint32_t b, uint64_t length);

}  // namespace frc
