// Out of memory, cancellation, threads, damage: robustness VECTORS_FOLDER FILE...
//
// Each file is read with memory that ends after every number of pieces, cancelled at every call of the progress
// function, by threads that leave parts out, from many threads at once, cut at every length and with every bit flipped.

#include <algorithm>

#include "testing.h"

using testing::Buffer;
using testing::check;

namespace {

constexpr uint64_t MOST_BYTES = uint64_t{1} << 26;
constexpr int OUT_OF_MEMORY = 503, CANCELLED = 504, TOO_LARGE = 404, WRITE_FAILED = 502;

/// Read everything in a file; the code of the first error.
int read_all(const Buffer &bytes, frc_memory memory, const frc_work *work, Buffer *model) {
    frc_file *file;
    frc_status status = frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory);
    for (size_t i = 0; status.code == 0 && i < frc_entry_count(file); ++i) {
        const auto size = static_cast<size_t>(frc_entry_at(file, i).bytes);
        Buffer elements(size);
        status = frc_decode(file, i, elements.data(), size, work);
    }
    if (status.code == 0 && frc_has_model(file)) {
        model->resize(frc_model_bytes(file));
        status = frc_rebuild_into(file, model->data(), model->size(), work);
    }
    if (file) frc_close(file);
    return status.code;
}

void check_memory(const std::string &name, const Buffer &bytes) {
    for (long pieces = 0;; ++pieces) {
        testing::Heap heap(pieces);
        Buffer model;
        const int code = read_all(bytes, heap.memory(), nullptr, &model);
        if (heap.bytes() || (code != 0 && code != OUT_OF_MEMORY)) {
            check(false, name + " with " + std::to_string(pieces) + " pieces of memory: " + std::to_string(code));
            return;
        }
        if (code == 0) break;
    }
    check(true, name);
}

struct Stop {
    int left;
    static int call(void *self, uint64_t, uint64_t) { return --static_cast<Stop *>(self)->left < 0; }
};

void check_cancelling(const std::string &name, const Buffer &bytes) {
    bool good = true;
    for (int calls = 0; calls < 1000; ++calls) {
        testing::Heap heap;
        Stop stop = {calls};
        const frc_work work = {&stop, Stop::call, nullptr, 0};
        Buffer model;
        const int code = read_all(bytes, heap.memory(), &work, &model);
        good &= heap.bytes() == 0 && (code == 0 || code == CANCELLED);
        if (code == 0) break;
    }
    check(good, name + " cancelled");
}

/// Progress never decreases, and ends at the total.
struct Progress {
    uint64_t done = 0, total = 0;
    bool falls = false;

    frc_work work() {
        return {this,
                [](void *self, uint64_t done, uint64_t total) {
                    auto *progress = static_cast<Progress *>(self);
                    progress->falls |= done < progress->done || done > total;
                    progress->done = done, progress->total = total;
                    return 0;
                },
                nullptr, 0};
    }

    bool good() const { return done == total && !falls; }
};

void check_progress(const std::string &name, const Buffer &bytes) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    check(frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory).code == 0, name + " opens");
    const size_t count = frc_entry_count(file);
    std::vector<Buffer> buffers(count);
    std::vector<void *> views(count, nullptr);
    bool good = true;
    for (int times = 0; times < 2; ++times) {
        for (size_t i = 0; i < count; ++i) {
            Progress progress;
            const frc_work work = progress.work();
            const frc_entry entry = frc_entry_at(file, i);
            buffers[i].resize(static_cast<size_t>(entry.bytes) + 1);
            if (entry.coding == 2) views[i] = buffers[i].data();
            good &= frc_decode(file, i, buffers[i].data(), buffers[i].size() - 1, &work).code == 0 && progress.good();
        }
        Progress progress;
        const frc_work work = progress.work();
        good &= frc_decode_all(file, views.data(), &work).code == 0 && progress.good();
    }
    check(good, name + " tells its progress");
    frc_close(file);
}

/// An executor that skips parts causes an error, not wrong tensors.
void check_lost_parts(const std::string &name, const Buffer &bytes) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    check(frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory).code == 0, name + " opens");
    const frc_work lazy = {nullptr, nullptr, [](void *, void (*)(void *, size_t, size_t), void *, size_t) {}, 2};
    bool good = true;
    for (size_t i = 0; i < frc_entry_count(file); ++i) {
        const auto size = static_cast<size_t>(frc_entry_at(file, i).bytes);
        Buffer one(size, 1), two(size, 2);
        good &= frc_decode(file, i, one.data(), size, nullptr).code == 0;
        const int code = frc_decode(file, i, two.data(), size, &lazy).code;
        good &= code == CANCELLED || (code == 0 && one == two);
    }
    check(good, name + " with parts left out");
    frc_close(file);
}

void check_threads(const std::string &name, const Buffer &bytes) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    check(frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory).code == 0, name + " opens");
    std::vector<Buffer> alone;
    const size_t count = frc_entry_count(file);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (size_t worker = 0; worker < 8; ++worker) {
        threads.emplace_back([&, worker] {
            for (size_t i = 0; i < count; ++i) {
                const size_t position = (i + worker) % count;
                const auto size = static_cast<size_t>(frc_entry_at(file, position).bytes);
                Buffer one(size, 1), two(size, 2);
                wrong += frc_decode(file, position, one.data(), size, nullptr).code != 0;
                wrong += frc_decode(file, position, two.data(), size, nullptr).code != 0;
                wrong += one != two;
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    check(wrong == 0, name + " from eight threads");
    frc_close(file);
    check(heap.bytes() == 0, name + " gives its memory back");
}

void check_writing(const std::string &name, const Buffer &bytes) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    (void)frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory);
    if (frc_has_model(file)) {
        const auto refuse = [](void *, const void *, size_t) { return 1; };
        check(frc_rebuild(file, refuse, nullptr, nullptr).code == WRITE_FAILED, name + " to nowhere");
        Buffer small(frc_model_bytes(file) - 1);
        check(frc_rebuild_into(file, small.data(), small.size(), nullptr).code != 0, name + " into too little");
    }
    frc_close(file);
    frc_status status = frc_open(&file, bytes.data(), bytes.size(), 1, &memory);
    check(status.code == TOO_LARGE && !file, name + " with a limit of one byte: " + std::to_string(status.code));
}

/// A damaged file decodes to the right values or to an error.
void check_damage(const std::string &name, const Buffer &bytes) {
    Buffer right, model;
    testing::Heap heap;
    read_all(bytes, heap.memory(), nullptr, &right);
    size_t wrong = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
        wrong += read_all(Buffer(bytes.begin(), bytes.begin() + static_cast<long>(size)), heap.memory(), nullptr,
                          &model) == 0;
    }
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        Buffer damaged = bytes;
        damaged[bit / 8] = static_cast<uint8_t>(damaged[bit / 8] ^ 1 << bit % 8);
        model.clear();
        wrong += read_all(damaged, heap.memory(), nullptr, &model) == 0 && model != right;
    }
    check(wrong == 0 && heap.bytes() == 0, name + " damaged: " + std::to_string(wrong) + " passed for whole");
}

}  // namespace

int main(int count, char **arguments) {
    check(frc_version() == FRC_VERSION, "version of header and library");
    for (int i = 2; i < count; ++i) {
        const std::string name = arguments[i];
        const Buffer bytes = testing::contents(std::string(arguments[1]) + "/" + name);
        check_memory(name, bytes);
        check_cancelling(name, bytes);
        check_progress(name, bytes);
        check_lost_parts(name, bytes);
        check_threads(name, bytes);
        check_writing(name, bytes);
        check_damage(name, bytes);
    }
    return testing::verdict();
}
