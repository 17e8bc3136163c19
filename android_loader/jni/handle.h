// The native side of an open FrcFile. Java holds its address as a number.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "frc.h"
#include "mapped_file.h"

namespace frc {

/// The bytes of an .frc, mapped or borrowed, and the decoder that reads them.
struct Handle {
    MappedFile mapping;  // empty if the bytes belong to a buffer of the caller
    const uint8_t *data = nullptr;
    size_t size = 0;
    frc_file *file = nullptr;

    /// Placement new without the C++ library.
    static void *operator new(size_t, void *place) noexcept { return place; }
};

/// A handle without a file, or null if no memory is left.
Handle *new_handle();

/// Closes the file and unmaps its bytes. Null is allowed.
void delete_handle(Handle *handle);

/// The memory of all handles and of their decoders: the C library's (heap.cpp). The tests' library replaces it by one
/// that counts (counting_heap.cpp).
extern const frc_memory HEAP;

}  // namespace frc
