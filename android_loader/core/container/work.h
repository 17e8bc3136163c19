// Long work: progress, cancellation, and the caller's threads.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "frc.h"

namespace frc {

/// One call of the C interface at work. It belongs to the thread that makes the call.
class Work {
  public:
    /// `total` bytes are to be made.
    Work(const frc_work *work, uint64_t total) : work_(work), total_(total) {}

    size_t workers() const { return work_ && work_->run && work_->workers > 1 ? work_->workers : 1; }

    /// Calls part(worker, i), which gives a Status, for every i below `count`, on all workers, and tells how many of
    /// `bytes` are done. The first error counts. Error: CANCELLED.
    template <typename Part>
    Status run(size_t count, uint64_t bytes, Part part) {
        const size_t batch = workers() > 1 ? MOST_PARTS < 4 * workers() ? MOST_PARTS : 4 * workers() : 1;
        for (size_t first = 0; first < count; first += batch) {
            const size_t some = count - first < batch ? count - first : batch;
            FRC_TRY(some == 1 ? part(0, first) : run_batch(first, some, &part));
            FRC_TRY(tell(bytes / count * (first + some), bytes == 0));
        }
        return {};
    }

    /// So many bytes more are done. Error: CANCELLED.
    Status advance(uint64_t bytes) {
        done_ += bytes;
        return tell(0, false);
    }

    /// Something is done that is worth no bytes yet. Error: CANCELLED.
    Status step() { return tell(0, true); }

  private:
    static constexpr size_t MOST_PARTS = 64;
    static constexpr uint64_t OFTEN = uint64_t{4} << 20;

    template <typename Part>
    struct Batch {
        Part *part;
        size_t first;
        Status found[MOST_PARTS];
    };

    template <typename Part>
    Status run_batch(size_t first, size_t count, Part *part) {
        Batch<Part> batch = {part, first, {}};
        for (Status &found : batch.found)
            found = {Code::CANCELLED, "The caller's threads left out a part of the work."};
        work_->run(
            work_->self,
            [](void *context, size_t worker, size_t i) {
                auto *mine = static_cast<Batch<Part> *>(context);
                mine->found[i] = (*mine->part)(worker, mine->first + i);
            },
            &batch, count);
        for (size_t i = 0; i < count; ++i) FRC_TRY(batch.found[i]);
        return {};
    }

    /// Tells, if it is time or `always`, that so many bytes more than those of `advance` are done.
    Status tell(uint64_t further, bool always) {
        const uint64_t done = done_ + further < total_ ? done_ + further : total_;
        if (!work_ || !work_->progress || (!always && done - told_ < OFTEN && done != total_)) return {};
        told_ = done;
        if (work_->progress(work_->self, done, total_) == 0) return {};
        return {Code::CANCELLED, "The work was cancelled."};
    }

    const frc_work *work_;
    const uint64_t total_;
    uint64_t done_ = 0, told_ = 0;
};

}  // namespace frc
