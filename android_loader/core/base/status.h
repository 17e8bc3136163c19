// Error codes (spec section 15) with messages.

#pragma once

#include "base/constants.h"

namespace frc {

/// Success, or an error code with a message of static storage. Trivial; fits two registers.
struct [[nodiscard]] Status {
    Code code = Code::OK;
    const char *message = "";

    bool ok() const { return code == Code::OK; }
};

}  // namespace frc

/// Returns the Status `expression` from the calling function if it is an error.
#define FRC_TRY(expression)                           \
    do {                                              \
        const ::frc::Status frc_status_ = expression; \
        if (!frc_status_.ok()) return frc_status_;    \
    } while (false)
