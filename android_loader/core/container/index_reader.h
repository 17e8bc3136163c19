// Parsing of the index (spec section 4).

#pragma once

#include "container/index.h"

namespace frc {

/// The index is an array of columns. The first ones have a value per entry, the others one per entry of some coding;
/// these are consumed entry by entry.
class IndexReader {
  public:
    IndexReader(Index *index, Pool *pool) : index_(*index), pool_(*pool) {}

    /// Reads the unpacked index. On an error `entry` is the entry concerned, or -1.
    Status read(Bytes value, int32_t *entry);

  private:
    Status read_features(Values *columns) const;
    Status read_names(Values *columns);
    Status read_types(Values *columns);
    Status read_shapes(Values *columns);
    Status open_columns(Values *columns);
    Status count_own_streams();
    Status read_entry(Entry *entry);
    Status read_levels(Entry *entry);
    Status read_region(Entry *entry);
    Status check_transform(const Entry &entry) const;
    Status read_view(Entry *entry);
    Status check_view(const Entry &view) const;
    int64_t *take(Numbers *column, uint64_t count);

    Index &index_;
    Pool &pool_;
    Entry *entries_ = nullptr;
    uint32_t count_ = 0;               // entries
    uint32_t levels_ = 0;              // entries that are coded as levels
    uint32_t stored_ = 0;              // entries that have a stream: all but views
    uint32_t own_streams_ = 0;         // streams of a single entry, numbered first
    Numbers axes_, kept_;              // of levels
    Bytes regions_ = {}, steps_ = {};  // of levels
    Numbers assigned_;                 // of stored entries: 0, or the number of a shared stream from 1
    Numbers sizes_;                    // of streams
    Bytes digests_ = {};               // of streams
    Numbers views_;
    uint32_t levels_read_ = 0, own_read_ = 0;
};

}  // namespace frc
