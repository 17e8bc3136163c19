// The encoder's hot loops, compiled and chosen like those of the decoder (kernels.h).

#pragma once

#include "encode/contexts.h"
#include "encode/feedback.h"
#include "encode/viterbi.h"

namespace frc {

/// One target's functions.
struct EncoderKernels {
    /// The best levels of a segment; path.h.
    void (*find_path)(const PathTask &task);

    /// The best levels of a tensor whose errors are made up for; feedback.h.
    void (*find_path_with_feedback)(const FeedbackTask &task);

    /// Contexts of a segment's levels; contexts_of.h.
    void (*find_contexts)(const ContextTask &task);
};

/// The functions of the target in use.
const EncoderKernels &encoder_kernels();

}  // namespace frc
