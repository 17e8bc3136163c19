// The heap of the tests' library: the C library's, with a count of the bytes in use.

#include <jni.h>
#include <stdlib.h>

#include "handle.h"

namespace frc {

namespace {

size_t held = 0;

void *take(void *, size_t bytes) {
    void *piece = malloc(bytes != 0 ? bytes : 1);
    if (piece != nullptr) __atomic_fetch_add(&held, bytes, __ATOMIC_RELAXED);
    return piece;
}

void give(void *, void *piece, size_t bytes) {
    if (piece != nullptr) __atomic_fetch_sub(&held, bytes, __ATOMIC_RELAXED);
    free(piece);
}

}  // namespace

const frc_memory HEAP = {nullptr, take, give};

}  // namespace frc

extern "C" JNIEXPORT jlong JNICALL Java_io_github_frcodec_NativeHeap_heldBytes(JNIEnv *, jclass) {
    return static_cast<jlong>(__atomic_load_n(&frc::held, __ATOMIC_RELAXED));
}
