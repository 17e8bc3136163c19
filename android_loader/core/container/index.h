// The index: the records of all entries and the streams they are coded in (spec section 4).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "container/memory.h"
#include "container/name_index.h"
#include "container/packed.h"
#include "stages/layer_record.h"

namespace frc {

enum class Coding : uint8_t { LEVELS = CODING_LEVELS, LOSSLESS = CODING_RAW, VIEW = CODING_VIEW };

/// The record of an entry, at full width. Comments name the coding that a field belongs to.
struct Entry {
    const char *name;
    const int64_t *shape;
    const int64_t *kept;     ///< levels: lengths of the box, or number of points of the scan prefix
    const int64_t *strides;  ///< view
    int64_t offset;          ///< view: of its first element, in elements of the target
    uint32_t axes;           ///< levels: bit a is set if axis a is transformed
    uint32_t target;         ///< view: position of the entry that it refers to
    uint32_t stream;         ///< levels, lossless
    uint16_t step;           ///< levels
    uint8_t rank;
    uint8_t block_log2;  ///< levels
    Region region;       ///< levels
    DType dtype;
    Coding coding;

    size_t element_bytes() const { return DTYPE_BYTES[static_cast<size_t>(dtype)]; }
};

/// A stream: the bytes that one or several entries are coded in.
struct StreamPlace {
    uint64_t start;  ///< offset in the concatenated data sections
    uint64_t size;
    uint32_t digest;                 ///< CRC-32 of the decoded entries
    uint32_t first_member, members;  ///< range in Index::members
};

/// Decoded bytes of a tensor of a shape that the index may have.
uint64_t decoded_bytes(int rank, const int64_t *shape, DType dtype);

/// All entries and streams. Everything lives as long as the pool.
class Index {
  public:
    /// Reads the payload of the section. On an error `entry` is the entry concerned, or -1.
    Status read(Bytes payload, Pool *pool, int32_t *entry);

    uint32_t entry_count = 0, stream_count = 0;
    const Entry *entries = nullptr;
    const StreamPlace *streams = nullptr;
    const uint32_t *members = nullptr;  ///< positions of the entries of each stream, ascending
    uint64_t lengths = 0;               ///< total length of all shapes
    const int64_t *shapes = nullptr;    ///< the shapes of all entries, concatenated
    NameIndex names;

  private:
    /// Locates the streams and lists their members.
    Status place_streams(Numbers sizes, Bytes digests, uint32_t stored, Pool *pool);

    friend class IndexReader;
};

}  // namespace frc
