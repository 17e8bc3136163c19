// Byte planes of lossless streams (spec section 7).

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// elements[i · size + b] = planes[b · count + i], for `count` elements of `size` bytes.
void join_planes(const uint8_t *planes, size_t count, size_t size, uint8_t *elements);

}  // namespace frc
