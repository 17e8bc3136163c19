// A bump allocator over memory from the caller.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// Allocates from one block of memory; nothing is freed. Every allocation is aligned to a cache line.
///
/// Users of scratch memory declare its size beforehand, as a sum of `Arena::bytes<T>(count)` and `SLACK`.
class Arena {
  public:
    static constexpr size_t LINE = 64;

    Arena(void *memory, size_t size)
        : at_((reinterpret_cast<uintptr_t>(memory) + LINE - 1) / LINE * LINE),
          end_(reinterpret_cast<uintptr_t>(memory) + size) {}

    /// Allocates `count` uninitialized objects of a trivial type; nullptr if the block is too small.
    template <typename T>
    T *take(size_t count) {
        const size_t size = bytes<T>(count);
        if (end_ < at_ || size > end_ - at_) return nullptr;
        T *result = reinterpret_cast<T *>(at_);
        at_ += size;
        return result;
    }

    /// Bytes that `take<T>(count)` allocates.
    template <typename T>
    static constexpr size_t bytes(size_t count) {
        return (count * sizeof(T) + LINE - 1) / LINE * LINE;
    }

    /// Extra bytes for a block of unknown alignment.
    static constexpr size_t SLACK = LINE;

  private:
    uintptr_t at_;
    uintptr_t end_;
};

}  // namespace frc
