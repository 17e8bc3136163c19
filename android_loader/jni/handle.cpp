#include "handle.h"

#include <stdlib.h>

namespace frc {

namespace {

size_t handles = 0;
size_t bytes_held = 0;

void *take(void *, size_t bytes) {
    void *piece = malloc(bytes != 0 ? bytes : 1);
    if (piece != nullptr) __atomic_fetch_add(&bytes_held, bytes, __ATOMIC_RELAXED);
    return piece;
}

void give(void *, void *piece, size_t bytes) {
    if (piece == nullptr) return;
    __atomic_fetch_sub(&bytes_held, bytes, __ATOMIC_RELAXED);
    free(piece);
}

}  // namespace

const frc_memory COUNTED_MEMORY = {nullptr, take, give};

Handle *new_handle() {
    void *piece = take(nullptr, sizeof(Handle));
    if (piece == nullptr) return nullptr;
    __atomic_fetch_add(&handles, size_t{1}, __ATOMIC_RELAXED);
    return new (piece) Handle;
}

void delete_handle(Handle *handle) {
    if (handle == nullptr) return;
    frc_close(handle->file);
    handle->~Handle();
    give(nullptr, handle, sizeof(Handle));
    __atomic_fetch_sub(&handles, size_t{1}, __ATOMIC_RELAXED);
}

size_t open_handles() { return __atomic_load_n(&handles, __ATOMIC_RELAXED); }
size_t held_bytes() { return __atomic_load_n(&bytes_held, __ATOMIC_RELAXED); }

}  // namespace frc
