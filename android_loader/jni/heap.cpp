#include <stdlib.h>

#include "handle.h"

namespace frc {

namespace {

void *take(void *, size_t bytes) { return malloc(bytes != 0 ? bytes : 1); }

void give(void *, void *piece, size_t) { free(piece); }

}  // namespace

const frc_memory HEAP = {nullptr, take, give};

}  // namespace frc
