// The model file from its skeleton and the entries (spec section 5).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container/file.h"
#include "container/work.h"

namespace frc {

using Write = int (*)(void *self, const void *bytes, size_t size);

/// From the first byte to the last. Errors: WRITE_FAILED where `write` says so, BAD_OPTION without a model, those of
/// decoding, BAD_DIGEST.
Status rebuild(const File &file, Write write, void *self, const frc_work *work, Where *where);

/// In memory of the model's size, each tensor decoded in its place. Errors as before, without WRITE_FAILED.
Status rebuild_into(const File &file, uint8_t *buffer, const frc_work *work, Where *where);

}  // namespace frc
