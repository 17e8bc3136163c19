// The encoder's hot loops, compiled once per target and chosen like those of the decoder (stages/kernels.h).

#pragma once

#include "encode/contexts.h"
#include "encode/feedback.h"
#include "encode/viterbi.h"

namespace frc {
namespace encoder {

/// The functions of one target.
struct Kernels {
    /// Optimal levels of a segment; viterbi.h.
    void (*viterbi)(const ViterbiTask &task);

    /// Levels of a tensor, with error feedback; feedback.h.
    void (*viterbi_with_feedback)(const FeedbackTask &task);

    /// Contexts of the levels of a segment; contexts.h.
    void (*contexts_by_level)(const ContextTask &task);
};

/// The functions of the target in use.
const Kernels &kernels();

}  // namespace encoder
}  // namespace frc
