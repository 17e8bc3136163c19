// Byte ranges and little-endian loads.

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace frc {

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The core reads and writes little-endian memory."
#endif

/// A byte range; does not own it.
struct Bytes {
    const uint8_t *data;
    size_t size;
};

static inline uint16_t load_u16(const void *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t load_u32(const void *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

}  // namespace frc
