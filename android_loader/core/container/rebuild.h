// Rebuilding of the model file from its skeleton and the entries (spec section 5).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "container/file.h"
#include "container/work.h"

namespace frc {

using Write = int (*)(void *self, const void *bytes, size_t size);

/// Writes the model file sequentially. Errors: WRITE_FAILED if `write` fails, BAD_OPTION without a model, BAD_DIGEST,
/// those of decoding.
Status rebuild(const File &file, Write write, void *self, const frc_work *work, Where *where);

/// Rebuilds the model file in a buffer of its size, decoding tensors in place. Errors: as `rebuild`, but no
/// WRITE_FAILED.
Status rebuild_into(const File &file, uint8_t *buffer, const frc_work *work, Where *where);

}  // namespace frc
