// A model file that is there whole or not at all.

#pragma once

#include "frc.h"

namespace frc {

/// Rebuild the model file at `path`: in a temporary file .frc-PID-NUMBER.tmp of the same folder, which the system has
/// written out before it takes the place of what was at `path`. After an error there is no temporary file and `path` is
/// what it was. A process that is killed leaves the temporary file.
frc_status rebuild_to_file(const frc_file *file, const char *path, const frc_work *work);

}  // namespace frc
