// Long-running work: progress, cancellation and the caller's threads.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "frc.h"

namespace frc {

/// The state of one call of the C interface. Used by the calling thread only.
class Work {
  public:
    /// The call decodes or writes `total` bytes. `work` may be null.
    Work(const frc_work *work, uint64_t total) : work_(work), total_(total) {}

    /// Number of threads; 1 without `frc_work::run`.
    size_t workers() const { return work_ && work_->run && work_->workers > 1 ? work_->workers : 1; }

    /// Calls part(worker, i), which returns a Status, for all i < count, on all workers. Reports progress through
    /// `bytes` without counting them as done. Returns the first error by i, or CANCELLED.
    template <typename Part>
    Status run(size_t count, uint64_t bytes, Part part) {
        const Call call = [](void *context, size_t worker, size_t i) {
            return (*static_cast<Part *>(context))(worker, i);
        };
        return run_parts(count, bytes, call, &part);
    }

    /// Counts bytes as done. Error: CANCELLED.
    Status advance(uint64_t bytes);

    /// Lets the caller cancel between reports of progress. Error: CANCELLED.
    Status check_cancelled();

  private:
    using Call = Status (*)(void *context, size_t worker, size_t i);
    struct Batch;

    Status run_parts(size_t count, uint64_t bytes, Call call, void *context);
    Status run_batch(size_t first, size_t count, Call call, void *context);
    Status report(uint64_t done);

    const frc_work *work_;
    const uint64_t total_;
    uint64_t done_ = 0, reported_ = 0;
};

}  // namespace frc
