#include "container/work.h"

namespace frc {
namespace {

constexpr size_t MAX_BATCH = 64;                         // parts per call of frc_work::run
constexpr uint64_t REPORT_INTERVAL = uint64_t{4} << 20;  // bytes between reports of progress

size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

}  // namespace

/// Consecutive parts, and a result for each.
struct Work::Batch {
    Call call;
    void *context;
    size_t first;
    Status results[MAX_BATCH];

    static void run_part(void *self, size_t worker, size_t i) {
        Batch &batch = *static_cast<Batch *>(self);
        batch.results[i] = batch.call(batch.context, worker, batch.first + i);
    }
};

Status Work::run_parts(size_t count, uint64_t bytes, Call call, void *context) {
    const size_t batch_size = workers() == 1 ? 1 : smaller(MAX_BATCH, 4 * workers());
    for (size_t first = 0; first < count; first += batch_size) {
        const size_t size = smaller(batch_size, count - first);
        FRC_TRY(size == 1 ? call(context, 0, first) : run_batch(first, size, call, context));
        const uint64_t done = done_ + bytes / count * (first + size);
        FRC_TRY(bytes == 0 || done - reported_ >= REPORT_INTERVAL || done >= total_ ? report(done) : Status{});
    }
    return {};
}

/// A part that the caller's threads leave out counts as cancelled.
Status Work::run_batch(size_t first, size_t count, Call call, void *context) {
    Batch batch = {call, context, first, {}};
    for (Status &result : batch.results) {
        result = {Code::CANCELLED, "The caller's threads left out a part of the work."};
    }
    work_->run(work_->self, Batch::run_part, &batch, count);
    for (size_t i = 0; i < count; ++i) FRC_TRY(batch.results[i]);
    return {};
}

Status Work::advance(uint64_t bytes) {
    done_ += bytes;
    return done_ - reported_ >= REPORT_INTERVAL || done_ >= total_ ? report(done_) : Status{};
}

Status Work::check_cancelled() { return report(done_); }

Status Work::report(uint64_t done) {
    if (!work_ || !work_->progress) return {};
    reported_ = done < total_ ? done : total_;
    if (work_->progress(work_->self, reported_, total_) == 0) return {};
    return {Code::CANCELLED, "The work was cancelled."};
}

}  // namespace frc
