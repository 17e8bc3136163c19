#include "stages/planes.h"

#include <string.h>

namespace frc {
namespace {

/// For a constant size.
template <size_t SIZE>
void join(const uint8_t *planes, size_t count, uint8_t *elements) {
    for (size_t i = 0; i < count; ++i) {
        for (size_t b = 0; b < SIZE; ++b) elements[i * SIZE + b] = planes[b * count + i];
    }
}

}  // namespace

void join_planes(const uint8_t *planes, size_t count, size_t size, uint8_t *elements) {
    switch (size) {
        case 1:
            memcpy(elements, planes, count);
            break;
        case 2:
            join<2>(planes, count, elements);
            break;
        case 4:
            join<4>(planes, count, elements);
            break;
        case 8:
            join<8>(planes, count, elements);
            break;
        default:
            join<16>(planes, count, elements);
            break;
    }
}

}  // namespace frc
