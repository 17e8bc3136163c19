// The index: what every entry is, and the streams they are coded in (spec section 4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/memory.h"
#include "container/packed.h"
#include "stages/layer_record.h"

namespace frc {

enum class Coding : uint8_t { LEVELS = CODING_LEVELS, RAW = CODING_RAW, VIEW = CODING_VIEW };

/// An entry as the index has it, at full width.
struct Entry {
    const char *name;
    const int64_t *shape;
    const int64_t *kept;     ///< levels: lengths of a box, or the count of a scan prefix
    const int64_t *strides;  ///< view
    int64_t offset;          ///< view: of its first element in the target
    uint32_t axes;           ///< levels: bit a: axis a is transformed
    uint32_t target;         ///< view: position of the entry
    uint32_t stream;         ///< levels, raw
    uint16_t step;           ///< levels
    uint8_t rank;
    uint8_t block_log2;  ///< levels
    Region region;       ///< levels
    DType dtype;
    Coding coding;

    size_t element_bytes() const { return DTYPE_BYTES[static_cast<size_t>(dtype)]; }
};

/// The bytes that one or several entries are coded in.
struct StreamPlace {
    uint64_t start;  ///< among the bytes of all data sections
    uint64_t size;
    uint32_t digest;
    uint32_t first_member, members;  ///< in Index::members
};

/// Decoded bytes of a tensor of this shape; the lengths are those that the index may have.
uint64_t decoded_bytes(int rank, const int64_t *shape, DType dtype);

/// All entries and streams. They live as long as the pool.
class Index {
  public:
    /// Reads the payload of the section. On an error `entry` is the one it is about, or -1.
    Status read(Bytes payload, Pool *pool, int32_t *entry);

    /// Position of the entry of this name; -1 if there is none.
    int64_t find(const char *name, size_t length) const;

    uint32_t entry_count = 0, stream_count = 0;
    const Entry *entries = nullptr;
    const StreamPlace *streams = nullptr;
    const uint32_t *members = nullptr;  ///< positions of the entries of every stream, ascending
    uint64_t lengths = 0;               ///< of the shapes of all entries, which stand one after the other
    const int64_t *shapes = nullptr;    ///< of all entries

  private:
    uint32_t *names_ = nullptr;  // positions of the entries that have one, in the order of the names
    uint32_t name_count_ = 0;

    friend class IndexReader;
};

}  // namespace frc
