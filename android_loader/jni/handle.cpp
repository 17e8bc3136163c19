#include "handle.h"

namespace frc {

Handle *new_handle() {
    void *piece = HEAP.take(HEAP.self, sizeof(Handle));
    return piece == nullptr ? nullptr : new (piece) Handle;
}

void delete_handle(Handle *handle) {
    if (handle == nullptr) return;
    frc_close(handle->file);
    handle->~Handle();
    HEAP.give(HEAP.self, handle, sizeof(Handle));
}

}  // namespace frc
