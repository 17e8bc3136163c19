#include "container/decoder.h"

#include <string.h>

#include "container/crc32_combine.h"
#include "stages/kernels.h"
#include "stages/planes.h"

namespace frc {
namespace {

constexpr uintptr_t ALIGNMENT = 8;  // of elements that are decoded in place

/// The stages' view of an entry.
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

/// Levels, or for a raw entry bytes, that an entry has in its stream.
uint64_t length_in_stream(const Entry &entry, const Shape &shape) {
    if (entry.coding == Coding::RAW) return shape.bytes;
    return static_cast<uint64_t>(layer_of(entry, shape).count);
}

/// Where a number stands among ascending ones; it is one of them.
uint32_t position(const uint32_t *numbers, uint32_t count, uint32_t number) {
    uint32_t low = 0;
    for (uint32_t high = count; high - low > 1;) {
        const uint32_t middle = low + (high - low) / 2;
        (numbers[middle] <= number ? low : high) = middle;
    }
    return low;
}

}  // namespace

Status Decoder::decode(uint32_t entry, uint8_t *elements) {
    const Index &index = file_.index();
    const Entry &wanted = index.entries[entry];
    Pool pool(file_.memory());
    if (wanted.coding == Coding::VIEW) {
        uint8_t *target = pool.take<uint8_t>(file_.shape(wanted.target).bytes);
        if (!target) return NO_MEMORY;
        FRC_TRY(decode(wanted.target, target));
        copy_view(entry, target, elements);
        return {};
    }
    FRC_TRY(open(wanted.stream));
    const StreamPlace &place = index.streams[wanted.stream];
    const uint32_t member = position(index.members + place.first_member, place.members, entry);
    if (!open_.verify) return put(member, elements, nullptr);
    uint8_t **places = pool.take<uint8_t *>(place.members);
    if (!places) return NO_MEMORY;
    memset(places, 0, place.members * sizeof *places);
    places[member] = elements;
    return decode_stream(wanted.stream, places, nullptr);
}

Status Decoder::decode_all(uint8_t *const *places, uint32_t *sums) {
    const Index &index = file_.index();
    for (uint32_t number = 0; number < index.stream_count; ++number) {
        const StreamPlace &stream = index.streams[number];
        const uint32_t *members = index.members + stream.first_member;
        Pool pool(file_.memory());
        uint8_t **own = pool.take<uint8_t *>(stream.members);
        uint32_t *found = pool.take<uint32_t>(stream.members);
        if (!own || !found) return NO_MEMORY;
        bool wanted = false;
        for (uint32_t i = 0; i < stream.members; ++i) wanted |= (own[i] = places[members[i]]) != nullptr;
        if (wanted) FRC_TRY(decode_stream(number, own, sums ? found : nullptr));
        for (uint32_t i = 0; sums && i < stream.members; ++i) {
            if (own[i]) sums[members[i]] = found[i];
        }
    }
    return {};
}

void Decoder::copy_view(uint32_t number, const uint8_t *target, uint8_t *elements) const {
    const Entry &entry = file_.index().entries[number];
    const Shape &shape = file_.shape(number);
    if (shape.resized) {  // it is the whole of its target
        memcpy(elements, target, static_cast<size_t>(shape.bytes));
        return;
    }
    const size_t size = entry.element_bytes();
    const uint64_t count = shape.bytes / size;
    int64_t index[MAX_RANK] = {}, at = entry.offset;
    for (uint64_t i = 0; i < count; ++i, elements += size) {
        memcpy(elements, target + static_cast<size_t>(at) * size, size);
        for (int axis = entry.rank - 1; axis >= 0; --axis) {
            at += entry.strides[axis];
            if (++index[axis] < shape.lengths[axis]) break;
            at -= entry.strides[axis] * index[axis];
            index[axis] = 0;
        }
    }
}

Status Decoder::decode_stream(uint32_t number, uint8_t *const *places, uint32_t *sums) {
    const Index &index = file_.index();
    const StreamPlace &place = index.streams[number];
    const uint32_t *members = index.members + place.first_member;
    FRC_TRY(open(number));
    uint32_t digest = 0;
    for (uint32_t i = 0; i < place.members; ++i) {
        if (!places[i] && !open_.verify) continue;
        uint32_t sum = 0;
        FRC_TRY(put(i, places[i], open_.verify || sums ? &sum : nullptr));
        if (sums) sums[i] = sum;
        if (open_.verify) digest = combined(digest, sum, file_.shape(members[i]).bytes);
    }
    if (!open_.verify) return {};
    if (digest != place.digest) {
        where_.entry = static_cast<int32_t>(members[0]);
        return {Code::BAD_DIGEST, "A tensor does not decode to the values it was checked with."};
    }
    open_.verify = false;
    file_.set_verified(number);
    return {};
}

/// Opens a stream, unless it is the one that is open.
Status Decoder::open(uint32_t number) {
    if (open_.number == number) return {};
    const Index &index = file_.index();
    const StreamPlace &place = index.streams[number];
    const uint32_t *members = index.members + place.first_member;
    where_.entry = static_cast<int32_t>(members[0]);
    Bytes bytes;
    FRC_TRY(file_.stream(number, &bytes, &where_));
    open_.number = -1;
    open_.pool.give_all();
    uint64_t *starts = open_.pool.take<uint64_t>(place.members);
    if (!starts) return NO_MEMORY;
    uint64_t end = 0;  // no more than the decoded bytes of the file at full width
    for (uint32_t i = 0; i < place.members; ++i) {
        starts[i] = end;
        end += length_in_stream(index.entries[members[i]], file_.shape(members[i]));
    }
    const bool raw = index.entries[members[0]].coding == Coding::RAW;
    FRC_TRY(raw ? open_raw(end, bytes) : open_levels(number, end, bytes));
    open_.starts = starts;
    open_.verify = file_.to_verify(number);
    open_.number = number;
    return {};
}

/// A member of the open stream to its place; nullptr: it is only to be checked. `sum`, which may be null, gets its
/// CRC-32.
Status Decoder::put(uint32_t member, uint8_t *place, uint32_t *sum) {
    const Index &index = file_.index();
    const uint32_t entry = index.members[index.streams[open_.number].first_member + member];
    const uint64_t bytes = file_.shape(entry).bytes;
    where_.entry = static_cast<int32_t>(entry);
    pool_.give_all();
    const bool in_place = place && reinterpret_cast<uintptr_t>(place) % ALIGNMENT == 0;
    uint8_t *elements = in_place ? place : pool_.take<uint8_t>(bytes);
    if (!elements) return NO_MEMORY;
    FRC_TRY(decode_member(entry, open_.starts[member], elements, place ? bytes : 0));
    const auto size = static_cast<size_t>(bytes);
    if (place && !in_place) memcpy(place, elements, size);
    if (sum) *sum = kernels().crc32(elements, size, 0);
    pool_.give_all();
    if (place) FRC_TRY(work_.advance(bytes));
    where_.entry = -1;
    return {};
}

/// One entry of the open stream; what it has there starts at `first`.
Status Decoder::decode_member(uint32_t number, uint64_t first, uint8_t *elements, uint64_t bytes_to_tell) {
    const Entry &entry = file_.index().entries[number];
    const Shape &shape = file_.shape(number);
    if (entry.coding == Coding::LEVELS) return fill(layer_of(entry, shape), first, elements, bytes_to_tell);
    const size_t size = entry.element_bytes();
    join_planes(open_.content.data + first, static_cast<size_t>(shape.bytes) / size, size, elements);
    return {};
}

Status Decoder::open_raw(uint64_t expected, Bytes bytes) {
    uint64_t size;
    FRC_TRY(content_size(bytes, expected, &size));
    if (size != expected) return {Code::BAD_RECORD, "A raw stream does not hold the bytes of its tensors."};
    uint8_t *content = open_.pool.take<uint8_t>(size);
    if (!content) return NO_MEMORY;
    open_.content = {content, static_cast<size_t>(size)};
    return decompress(bytes, content, open_.content.size, file_.memory());
}

Status Decoder::open_levels(uint32_t number, uint64_t count, Bytes bytes) {
    const Index &index = file_.index();
    const StreamPlace &place = index.streams[number];
    const uint32_t first = index.members[place.first_member];
    LevelShape shape = {1, {static_cast<int64_t>(count)}};
    const Layer layer = layer_of(index.entries[first], file_.shape(first));
    if (place.members == 1 && layer.region != Region::SCAN) {
        shape.rank = layer.rank;
        memcpy(shape.lengths, layer.kept, sizeof shape.lengths);
    }
    open_.stream = Stream();
    open_.points = nullptr;
    open_.segment = -1;
    FRC_TRY(open_.stream.start(bytes, shape));
    bool there;
    const Arena memory = open_.pool.arena(open_.stream.memory_bytes(), &there);
    if (!there) return NO_MEMORY;
    FRC_TRY(open_.stream.attach(memory));
    if (place.members > 1 && open_.stream.row_steps()) {
        return {Code::BAD_STREAM, "A stream has row steps, but is not that of a single tensor."};
    }
    return {};
}

Status Decoder::fill(const Layer &layer, uint64_t first, uint8_t *elements, uint64_t bytes_to_tell) {
    LayerDecoder decoder;
    FRC_TRY(decoder.start(layer, open_.stream.row_steps()));
    bool there;
    const Arena memory = pool_.arena(decoder.memory_bytes(), &there);
    if (!there) return NO_MEMORY;
    decoder.attach(elements, memory);
    const bool own = static_cast<int64_t>(first) == 0 && open_.stream.count() == layer.count;
    uint64_t energy = 0;
    FRC_TRY(own ? put_own(&decoder, layer.axes ? 0 : bytes_to_tell, &energy)
                : put_shared(&decoder, first, static_cast<uint64_t>(layer.count), &energy));
    FRC_TRY(decoder.begin_transform(energy));
    if (decoder.parts() == 0) return {};
    const size_t scratch_bytes = decoder.scratch_bytes();
    uint8_t *scratch = pool_.take<uint8_t>(uint64_t{scratch_bytes} * work_.workers());
    if (!scratch) return NO_MEMORY;
    return work_.run(decoder.parts(), bytes_to_tell, [&](size_t worker, size_t part) {
        return decoder.transform(part, Arena(scratch + worker * scratch_bytes, scratch_bytes));
    });
}

/// The whole stream, segment by segment.
Status Decoder::put_own(LayerDecoder *layer, uint64_t bytes_to_tell, uint64_t *energy) {
    const Stream &stream = open_.stream;
    const size_t scratch_bytes = LayerDecoder::put_scratch_bytes(stream),
                 workers = layer->in_order() ? 1 : work_.workers();
    Pool pool(file_.memory());
    uint8_t *scratch = pool.take<uint8_t>(uint64_t{scratch_bytes} * workers);
    uint64_t *energies = pool.take<uint64_t>(stream.segments());
    if (!scratch || !energies) return NO_MEMORY;
    const auto put = [&](size_t worker, size_t segment) {
        energies[segment] = 0;
        return layer->put_segment(stream, segment, &energies[segment],
                                  Arena(scratch + worker * scratch_bytes, scratch_bytes));
    };
    if (layer->in_order()) {
        for (size_t segment = 0; segment < stream.segments(); ++segment) {
            FRC_TRY(put(0, segment));
            FRC_TRY(work_.step());
        }
    } else {
        FRC_TRY(work_.run(stream.segments(), bytes_to_tell, put));
    }
    for (size_t segment = 0; segment < stream.segments(); ++segment) {
        *energy += energies[segment];
        if (*energy > ENERGY_TOO_LARGE) *energy = ENERGY_TOO_LARGE;
    }
    return {};
}

/// `count` points of the stream from `first` on.
Status Decoder::put_shared(LayerDecoder *layer, uint64_t first, uint64_t count, uint64_t *energy) {
    for (uint64_t done = 0; done < count;) {
        const uint64_t at = first + done;
        const auto segment = static_cast<size_t>(at / Stream::SEGMENT),
                   skipped = static_cast<size_t>(at % Stream::SEGMENT);
        FRC_TRY(load(segment));
        const uint64_t left = open_.stream.size(segment) - skipped;
        const auto some = static_cast<size_t>(left < count - done ? left : count - done);
        FRC_TRY(layer->put(static_cast<int64_t>(done), open_.points + skipped, some, energy));
        done += some;
    }
    return {};
}

/// The points of a segment of a shared stream.
Status Decoder::load(size_t segment) {
    if (open_.segment == static_cast<int64_t>(segment)) return {};
    const Stream &stream = open_.stream;
    if (!open_.points) open_.points = open_.pool.take<int32_t>(stream.size(0));
    Pool pool(file_.memory());
    bool there;
    const Arena scratch = pool.arena(stream.scratch_bytes(), &there);
    if (!there || !open_.points) return NO_MEMORY;
    open_.segment = -1;
    FRC_TRY(stream.decode(segment, open_.points, stream.lane_length(segment), scratch));
    open_.segment = static_cast<int64_t>(segment);
    return work_.step();
}

}  // namespace frc
