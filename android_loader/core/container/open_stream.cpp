#include "container/open_stream.h"

#include <string.h>

namespace frc {
namespace {

/// Levels, or bytes if lossless, that an entry has in its stream.
uint64_t length_in_stream(const Entry &entry, const Shape &shape) {
    if (entry.coding == Coding::LOSSLESS) return shape.bytes;
    return static_cast<uint64_t>(layer_of(entry, shape).count);
}

}  // namespace

Layer layer_of(const Entry &entry, const Shape &shape) {
    Layer layer = {};
    layer.dtype = entry.dtype;
    layer.rank = entry.rank;
    layer.axes = entry.axes;
    layer.block_log2 = entry.block_log2;
    layer.region = entry.region;
    layer.step = entry.step;
    layer.full = shape.resized ? entry.shape : nullptr;
    layer.gain = shape.gain;
    const int64_t *kept = entry.region == Region::BOX ? entry.kept : entry.shape;
    memcpy(layer.shape, shape.lengths, entry.rank * sizeof *layer.shape);
    memcpy(layer.kept, kept, entry.rank * sizeof *layer.kept);
    layer.count = entry.region == Region::SCAN ? entry.kept[0] : product(entry.rank, kept);
    return layer;
}

Status OpenStream::open(uint32_t number) {
    if (number_ == number) return {};
    const Index &index = file_.index();
    const StreamPlace &place = index.streams[number];
    const uint32_t *members = index.members + place.first_member;
    where_.entry = static_cast<int32_t>(members[0]);
    Bytes bytes;
    FRC_TRY(file_.stream(number, &bytes, &where_));
    pool_.give_all();
    number_ = -1;
    uint64_t *starts = pool_.take<uint64_t>(place.members);
    if (!starts) return NO_MEMORY;
    uint64_t end = 0;  // at most the decoded bytes of the file at full width
    for (uint32_t i = 0; i < place.members; ++i) {
        starts[i] = end;
        end += length_in_stream(index.entries[members[i]], file_.shape(members[i]));
    }
    starts_ = starts;
    number_ = number;
    const bool lossless = index.entries[members[0]].coding == Coding::LOSSLESS;
    const Status status = lossless ? open_lossless(bytes, end) : open_levels(bytes, end);
    if (!status.ok()) {
        number_ = -1;
        return status;
    }
    must_verify_ = file_.to_verify(number);
    return {};
}

Status OpenStream::open_lossless(Bytes bytes, uint64_t size) {
    uint64_t declared;
    FRC_TRY(content_size(bytes, size, &declared));
    if (declared != size) return {Code::BAD_RECORD, "A lossless stream does not hold the bytes of its tensors."};
    uint8_t *content = pool_.take<uint8_t>(size);
    if (!content) return NO_MEMORY;
    content_ = {content, static_cast<size_t>(size)};
    return decompress(bytes, content, content_.size, file_.memory());
}

Status OpenStream::open_levels(Bytes bytes, uint64_t count) {
    const uint32_t first = members()[0], member_count = place().members;
    const Layer layer = layer_of(file_.index().entries[first], file_.shape(first));
    LevelShape shape = {1, {static_cast<int64_t>(count)}};
    if (member_count == 1 && layer.region != Region::SCAN) {
        shape.rank = layer.rank;
        memcpy(shape.lengths, layer.kept, sizeof shape.lengths);
    }
    levels_ = Stream();
    points_ = nullptr;
    segment_ = -1;
    FRC_TRY(levels_.start(bytes, shape));
    bool allocated;
    const Arena memory = pool_.arena(levels_.memory_bytes(), &allocated);
    if (!allocated) return NO_MEMORY;
    FRC_TRY(levels_.attach(memory));
    if (member_count > 1 && levels_.row_steps()) {
        return {Code::BAD_STREAM, "A stream has row steps, but it has more than one tensor."};
    }
    return {};
}

Status OpenStream::decode_segment(size_t segment, Work *work, const int32_t **points) {
    if (segment_ != static_cast<int64_t>(segment)) {
        if (!points_) points_ = pool_.take<int32_t>(levels_.size(0));
        Pool pool(file_.memory());
        bool allocated;
        const Arena scratch = pool.arena(levels_.scratch_bytes(), &allocated);
        if (!allocated || !points_) return NO_MEMORY;
        segment_ = -1;
        FRC_TRY(levels_.decode(segment, points_, levels_.lane_length(segment), scratch));
        segment_ = static_cast<int64_t>(segment);
        FRC_TRY(work->check_cancelled());
    }
    *points = points_;
    return {};
}

}  // namespace frc
