// Raw streams hold the bytes of an element apart (spec section 7).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// Byte b of element i stands at planes[b · count + i]; elements get it at [i · size + b].
void join_planes(const uint8_t *planes, size_t count, size_t size, uint8_t *elements);

}  // namespace frc
