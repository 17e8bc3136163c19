// Scratch memory from the caller, handed out piece by piece.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace frc {

/// Pieces of one block of memory; nothing is ever given back. Every piece starts on a cache line.
///
/// Who needs scratch says how much beforehand, as a sum of `Arena::bytes<T>(count)`.
class Arena {
  public:
    static constexpr size_t LINE = 64;

    Arena(void *memory, size_t size)
        : at_((reinterpret_cast<uintptr_t>(memory) + LINE - 1) / LINE * LINE),
          end_(reinterpret_cast<uintptr_t>(memory) + size) {}

    /// Room for `count` objects of a trivial type, uninitialized; nullptr where the block is used up.
    template <typename T>
    T *take(size_t count) {
        const size_t size = bytes<T>(count);
        if (end_ < at_ || size > end_ - at_) return nullptr;
        T *piece = reinterpret_cast<T *>(at_);
        at_ += size;
        return piece;
    }

    /// What `take<T>(count)` uses up.
    template <typename T>
    static constexpr size_t bytes(size_t count) {
        return (count * sizeof(T) + LINE - 1) / LINE * LINE;
    }

    /// What a block of unknown alignment needs besides.
    static constexpr size_t SLACK = LINE;

  private:
    uintptr_t at_;
    uintptr_t end_;
};

}  // namespace frc
