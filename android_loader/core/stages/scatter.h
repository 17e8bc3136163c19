// Strided copies for the transform.

#pragma once

#include <stddef.h>
#include <string.h>

namespace frc {

/// Calls each(row, column) in strips of rows, for accesses that are sequential in one index and strided in the other.
template <typename Each>
inline void in_strips(size_t rows, size_t columns, Each each) {
    constexpr size_t STRIP = 16;
    for (size_t first = 0; first < rows; first += STRIP) {
        const size_t end = first + STRIP < rows ? first + STRIP : rows;
        for (size_t column = 0; column < columns; ++column) {
            for (size_t row = first; row < end; ++row) each(row, column);
        }
    }
}

/// Copies `count` elements, mostly few: in blocks of eight, of which the last two may overlap.
template <typename T>
inline void copy_run(const T *from, size_t count, T *to) {
    constexpr size_t BLOCK = 8;
    if (count < BLOCK) {
        for (size_t i = 0; i < count; ++i) to[i] = from[i];
        return;
    }
    for (size_t i = 0; i + BLOCK < count; i += BLOCK) memcpy(to + i, from + i, BLOCK * sizeof(T));
    memcpy(to + count - BLOCK, from + count - BLOCK, BLOCK * sizeof(T));
}

/// to[offsets[c] + row · stride] = from[row · columns + c], in runs of consecutive offsets.
template <typename T>
inline void scatter(const void *from, size_t rows, size_t columns, void *to, const size_t *offsets, size_t stride) {
    for (size_t c = 0, end; c < columns; c = end) {
        for (end = c + 1; end < columns && offsets[end] == offsets[end - 1] + 1;) ++end;
        const T *source = static_cast<const T *>(from) + c;
        T *target = static_cast<T *>(to) + offsets[c];
        if (end == c + 1) {
            for (size_t row = 0; row < rows; ++row) target[row * stride] = source[row * columns];
            continue;
        }
        for (size_t row = 0; row < rows; ++row) copy_run(source + row * columns, end - c, target + row * stride);
    }
}

}  // namespace frc
