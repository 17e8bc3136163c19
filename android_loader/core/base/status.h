// How functions of the core say what went wrong: a code of the specification, section 15, and a line for people.

#pragma once

#include "base/constants.h"

namespace frc {

/// Success, or an error code with a sentence of static storage. Trivial, no bigger than two registers.
struct [[nodiscard]] Status {
    Code code = Code::OK;
    const char *message = "";

    bool ok() const { return code == Code::OK; }
};

}  // namespace frc

/// Hand an error of the expression, a Status, to the caller.
#define FRC_TRY(expression)                           \
    do {                                              \
        const ::frc::Status frc_status_ = expression; \
        if (!frc_status_.ok()) return frc_status_;    \
    } while (false)
