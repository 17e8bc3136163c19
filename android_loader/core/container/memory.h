// Allocation through the caller's `frc_memory`.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "frc.h"

namespace frc {

inline constexpr Status NO_MEMORY = {Code::OUT_OF_MEMORY, "There is not enough memory to decode the file."};

/// Owns blocks of memory and frees them all at once. Not thread-safe.
class Pool {
  public:
    explicit Pool(const frc_memory &memory) : memory_(memory) {}
    ~Pool() { give_all(); }
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;

    const frc_memory &memory() const { return memory_; }

    /// Allocates `size` bytes, aligned for any type; nullptr if there is no memory.
    void *take_bytes(uint64_t size);

    /// Allocates `count` uninitialized objects of a trivial type; nullptr if there is no memory.
    template <typename T>
    T *take(uint64_t count) {
        return count > SIZE_MAX / 2 / sizeof(T) ? nullptr : static_cast<T *>(take_bytes(count * sizeof(T)));
    }

    /// Allocates an arena of `size` bytes. `ok` is false if there is no memory.
    Arena arena(size_t size, bool *ok);

    /// Frees all blocks and takes over those of another pool.
    void replace(Pool *other);

    /// Frees all blocks.
    void give_all();

  private:
    struct alignas(max_align_t) Head {
        Head *next;
        size_t size;
    };

    frc_memory memory_;
    Head *first_ = nullptr;
};

}  // namespace frc
