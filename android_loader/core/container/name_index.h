// Lookup of entries by name.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/memory.h"

namespace frc {

struct Entry;

/// Positions of the entries that have a name, sorted by name. The entries must outlive it; it lives as long as the
/// pool.
class NameIndex {
  public:
    /// Errors: BAD_NAME if two names are equal, OUT_OF_MEMORY.
    Status build(const Entry *entries, uint32_t count, Pool *pool);

    /// Position of the entry of this name; -1 if there is none.
    int64_t find(const char *name, size_t length) const;

  private:
    bool less(uint32_t a, uint32_t b) const;
    void sort();
    void sift_down(uint32_t root, uint32_t count);

    const Entry *entries_ = nullptr;
    uint32_t *names_ = nullptr;
    uint32_t count_ = 0;
};

}  // namespace frc
