#include "container/index.h"

#include "container/index_reader.h"

namespace frc {

uint64_t decoded_bytes(int rank, const int64_t *shape, DType dtype) {
    return static_cast<uint64_t>(product(rank, shape)) * DTYPE_BYTES[static_cast<size_t>(dtype)];
}

Status Index::read(Bytes payload, Pool *pool, int32_t *entry) {
    Bytes value;
    FRC_TRY(unpack(payload, MAX_INDEX_BYTES, pool, &value));
    return IndexReader(this, pool).read(value, entry);
}

/// Streams are numbered in the order of their bytes. Their members are listed by counting sort.
Status Index::place_streams(Numbers sizes, Bytes digests, uint32_t stored, Pool *pool) {
    stream_count = static_cast<uint32_t>(sizes.count());
    StreamPlace *places = pool->take<StreamPlace>(stream_count);
    uint32_t *positions = pool->take<uint32_t>(stored);
    if (!places || !positions) return NO_MEMORY;
    streams = places;
    members = positions;
    uint64_t start = 0;
    for (uint32_t i = 0; i < stream_count; ++i) {
        const uint64_t size = sizes.next();
        places[i] = {start, size, load_u32(digests.data + 4 * i), 0, 0};
        start = start + size < start ? UINT64_MAX : start + size;
    }
    for (uint32_t i = 0; i < entry_count; ++i) {
        if (entries[i].coding != Coding::VIEW) ++places[entries[i].stream].members;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < stream_count; ++i) {
        if (places[i].members == 0) return {Code::BAD_RECORD, "A stream has no entry."};
        places[i].first_member = first;
        first += places[i].members;
        places[i].members = 0;
    }
    for (uint32_t i = 0; i < entry_count; ++i) {
        if (entries[i].coding == Coding::VIEW) continue;
        StreamPlace &stream = places[entries[i].stream];
        if (stream.members && entries[positions[stream.first_member]].coding != entries[i].coding) {
            return {Code::BAD_RECORD, "A stream has entries of different codings."};
        }
        positions[stream.first_member + stream.members++] = i;
    }
    return {};
}

}  // namespace frc
