// Memory from the caller, given back all at once.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "frc.h"

namespace frc {

inline constexpr Status NO_MEMORY = {Code::OUT_OF_MEMORY, "There is not enough memory for what the file holds."};

/// Blocks of memory that live as long as the pool. Not safe to use from several threads.
class Pool {
  public:
    explicit Pool(const frc_memory &memory) : memory_(memory) {}
    ~Pool() { give_all(); }
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;

    const frc_memory &memory() const { return memory_; }

    /// `size` bytes, aligned for any type; nullptr where there are none left.
    void *take_bytes(uint64_t size);

    /// Room for `count` objects of a trivial type, uninitialized; nullptr where there is none left.
    template <typename T>
    T *take(uint64_t count) {
        return count > SIZE_MAX / 2 / sizeof(T) ? nullptr : static_cast<T *>(take_bytes(count * sizeof(T)));
    }

    /// A block as an arena of `size` bytes. `ok` tells whether there was one.
    Arena arena(size_t size, bool *ok);

    /// Takes the blocks of another pool over, and gives back its own.
    void replace(Pool *other);

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
