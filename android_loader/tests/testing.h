// Shared by the host tests: files, counted and limited memory, threads, and the count of checks.

#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "frc.h"

namespace testing {

using Buffer = std::vector<uint8_t>;

inline int passed = 0, failed = 0;

inline void check(bool good, const std::string &what) {
    ++(good ? passed : failed);
    if (!good) std::printf("FAILED %s\n", what.c_str());
}

/// Prints the counts; returns the exit status.
inline int verdict() {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}

inline Buffer contents(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::printf("cannot read %s\n", path.c_str());
        std::exit(2);
    }
    return Buffer(std::istreambuf_iterator<char>(file), {});
}

/// Memory from the heap that counts the bytes in use and limits the number of allocations.
class Heap {
  public:
    explicit Heap(long pieces = -1) : left_(pieces) {}

    frc_memory memory() {
        return {this,
                [](void *self, size_t bytes) -> void * {
                    auto *heap = static_cast<Heap *>(self);
                    if (heap->left_.load() >= 0 && heap->left_.fetch_sub(1) <= 0) return nullptr;
                    const size_t now = heap->bytes_ += bytes;
                    for (size_t most = heap->most_; now > most && !heap->most_.compare_exchange_weak(most, now);) {
                    }
                    return std::malloc(bytes);
                },
                [](void *self, void *piece, size_t bytes) {
                    static_cast<Heap *>(self)->bytes_ -= bytes;
                    std::free(piece);
                }};
    }

    size_t bytes() const { return bytes_; }
    size_t most() const { return most_; }

  private:
    std::atomic<long> left_;
    std::atomic<size_t> bytes_{0}, most_{0};
};

/// Runs parts on new threads at each call.
class Threads {
  public:
    explicit Threads(size_t workers) : workers_(workers) {}

    frc_work work() {
        return {this, nullptr,
                [](void *self, void (*part)(void *, size_t, size_t), void *context, size_t count) {
                    std::atomic<size_t> next{0};
                    std::vector<std::thread> threads;
                    for (size_t worker = 0; worker < static_cast<Threads *>(self)->workers_; ++worker) {
                        threads.emplace_back([&, worker] {
                            for (size_t i; (i = next++) < count;) part(context, worker, i);
                        });
                    }
                    for (std::thread &thread : threads) thread.join();
                },
                workers_};
    }

  private:
    size_t workers_;
};

}  // namespace testing
