// The encoder's functions of one target.

#include "encode/kernels.h"

namespace frc {
namespace encoder {
namespace FRC_TARGET {

void viterbi(const ViterbiTask &task);
void viterbi_with_feedback(const FeedbackTask &task);
void contexts_by_level(const ContextTask &task);

extern const Kernels KERNELS;
const Kernels KERNELS = {viterbi, viterbi_with_feedback, contexts_by_level};

}  // namespace FRC_TARGET
}  // namespace encoder
}  // namespace frc
