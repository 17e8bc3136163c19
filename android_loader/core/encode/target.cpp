// The encoder's functions of one target.

#include "encode/kernels.h"

namespace frc {
namespace FRC_TARGET {

void find_path(const PathTask &task);
void find_path_with_feedback(const FeedbackTask &task);
void find_contexts(const ContextTask &task);

extern const EncoderKernels ENCODER_KERNELS;
const EncoderKernels ENCODER_KERNELS = {find_path, find_path_with_feedback, find_contexts};

}  // namespace FRC_TARGET
}  // namespace frc
