// Rebuilds a model file atomically.

#pragma once

#include "frc.h"

namespace frc {

/// Rebuild the model file at `path`: into a temporary file .frc-PID-NUMBER.tmp of the same folder, which is
/// synchronized to the device and then renamed to `path`. After an error the temporary file is removed and `path` is
/// unchanged. A process that is killed leaves the temporary file.
frc_status rebuild_to_file(const frc_file *file, const char *path, const frc_work *work);

}  // namespace frc
