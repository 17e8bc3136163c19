// An open .frc file as Java holds it, a number, and what all of them together take.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "frc.h"
#include "mapped_file.h"

namespace frc {

/// What is mapped or borrowed, and the decoder's view of it.
struct Handle {
    MappedFile mapping;  // empty where the bytes belong to a buffer of the caller
    const uint8_t *data = nullptr;
    size_t size = 0;
    frc_file *file = nullptr;

    /// Construction where memory is already, without the C++ library.
    static void *operator new(size_t, void *place) noexcept { return place; }
};

/// A handle without a file, or null: no memory is left. Counted until delete_handle.
Handle *new_handle();

/// Closes its file and unmaps. Null is allowed.
void delete_handle(Handle *handle);

/// The C library's memory, counted.
extern const frc_memory COUNTED_MEMORY;

/// Handles that exist, and bytes of COUNTED_MEMORY in use, in the whole process.
size_t open_handles();
size_t held_bytes();

}  // namespace frc
