#include "container/decoder.h"

#include <string.h>

#include "container/crc32_combine.h"
#include "stages/kernels.h"
#include "stages/planes.h"

namespace frc {
namespace {

constexpr uintptr_t ALIGNMENT = 8;  // of buffers that are decoded into directly

/// Position of a number that is among ascending ones.
uint32_t position_of(const uint32_t *numbers, uint32_t count, uint32_t number) {
    uint32_t low = 0;
    for (uint32_t high = count; high - low > 1;) {
        const uint32_t middle = low + (high - low) / 2;
        if (numbers[middle] <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

}  // namespace

Status Decoder::decode(uint32_t number, uint8_t *elements) {
    const Entry &entry = file_.index().entries[number];
    Pool pool(file_.memory());
    if (entry.coding == Coding::VIEW) {
        uint8_t *target = pool.take<uint8_t>(file_.shape(entry.target).bytes);
        if (!target) return NO_MEMORY;
        FRC_TRY(decode(entry.target, target));
        copy_view(number, target, elements);
        return {};
    }
    FRC_TRY(stream_.open(entry.stream));
    const uint32_t members = stream_.place().members;
    const uint32_t member = position_of(stream_.members(), members, number);
    if (!stream_.must_verify()) return decode_member(member, elements, nullptr);
    uint8_t **buffers = pool.take<uint8_t *>(members);
    if (!buffers) return NO_MEMORY;
    memset(buffers, 0, members * sizeof *buffers);
    buffers[member] = elements;
    return decode_stream(entry.stream, buffers, nullptr);
}

Status Decoder::decode_all(uint8_t *const *buffers, uint32_t *checksums) {
    const Index &index = file_.index();
    for (uint32_t number = 0; number < index.stream_count; ++number) {
        const StreamPlace &stream = index.streams[number];
        const uint32_t *members = index.members + stream.first_member;
        Pool pool(file_.memory());
        uint8_t **member_buffers = pool.take<uint8_t *>(stream.members);
        uint32_t *member_checksums = pool.take<uint32_t>(stream.members);
        if (!member_buffers || !member_checksums) return NO_MEMORY;
        bool wanted = false;
        for (uint32_t i = 0; i < stream.members; ++i) {
            member_buffers[i] = buffers[members[i]];
            wanted |= member_buffers[i] != nullptr;
        }
        if (!wanted) continue;
        FRC_TRY(decode_stream(number, member_buffers, checksums ? member_checksums : nullptr));
        for (uint32_t i = 0; checksums && i < stream.members; ++i) {
            if (member_buffers[i]) checksums[members[i]] = member_checksums[i];
        }
    }
    return {};
}

void Decoder::copy_view(uint32_t number, const uint8_t *target, uint8_t *elements) const {
    const Entry &entry = file_.index().entries[number];
    const Shape &shape = file_.shape(number);
    if (shape.resized) {  // only views of whole targets are resized
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

/// Decodes the members of a stream that have a buffer; to verify the digest, the others as well. `buffers` and
/// `checksums`, which may be null, are indexed by member.
Status Decoder::decode_stream(uint32_t number, uint8_t *const *buffers, uint32_t *checksums) {
    FRC_TRY(stream_.open(number));
    const bool verify = stream_.must_verify();
    const StreamPlace &place = stream_.place();
    uint32_t digest = 0;
    for (uint32_t i = 0; i < place.members; ++i) {
        if (!buffers[i] && !verify) continue;
        uint32_t checksum = 0;
        FRC_TRY(decode_member(i, buffers[i], verify || checksums ? &checksum : nullptr));
        if (checksums) checksums[i] = checksum;
        if (verify) digest = crc32_combine(digest, checksum, file_.shape(stream_.members()[i]).bytes);
    }
    if (!verify) return {};
    if (digest != place.digest) {
        where_.entry = static_cast<int32_t>(stream_.members()[0]);
        return {Code::BAD_DIGEST, "A tensor does not decode to the values it was encoded with."};
    }
    stream_.set_verified();
    return {};
}

/// Decodes a member of the open stream. Without a buffer only its checksum is computed. `checksum` may be null.
Status Decoder::decode_member(uint32_t member, uint8_t *buffer, uint32_t *checksum) {
    const uint32_t entry = stream_.members()[member];
    const uint64_t bytes = file_.shape(entry).bytes;
    where_.entry = static_cast<int32_t>(entry);
    pool_.give_all();
    const bool direct = buffer && reinterpret_cast<uintptr_t>(buffer) % ALIGNMENT == 0;
    uint8_t *elements = direct ? buffer : pool_.take<uint8_t>(bytes);
    if (!elements) return NO_MEMORY;
    FRC_TRY(decode_elements(member, elements, buffer ? bytes : 0));
    const auto size = static_cast<size_t>(bytes);
    if (buffer && !direct) memcpy(buffer, elements, size);
    if (checksum) *checksum = kernels().crc32(elements, size, 0);
    pool_.give_all();
    if (buffer) FRC_TRY(work_.advance(bytes));
    where_.entry = -1;
    return {};
}

/// `progress` is the number of bytes that count as progress.
Status Decoder::decode_elements(uint32_t member, uint8_t *elements, uint64_t progress) {
    const uint32_t number = stream_.members()[member];
    const Entry &entry = file_.index().entries[number];
    const Shape &shape = file_.shape(number);
    const uint64_t start = stream_.start_of(member);
    if (entry.coding == Coding::LEVELS) return decode_layer(layer_of(entry, shape), start, elements, progress);
    const size_t size = entry.element_bytes();
    join_planes(stream_.content().data + start, static_cast<size_t>(shape.bytes) / size, size, elements);
    return {};
}

/// Decodes a layer whose levels start at `first` in the open stream.
Status Decoder::decode_layer(const Layer &layer, uint64_t first, uint8_t *elements, uint64_t progress) {
    LayerDecoder decoder;
    FRC_TRY(decoder.start(layer, stream_.levels().row_steps()));
    bool allocated;
    const Arena memory = pool_.arena(decoder.memory_bytes(), &allocated);
    if (!allocated) return NO_MEMORY;
    decoder.attach(elements, memory);
    const bool whole_stream = first == 0 && stream_.levels().count() == layer.count;
    uint64_t energy = 0;
    FRC_TRY(whole_stream ? put_own(&decoder, layer.axes ? 0 : progress, &energy)
                         : put_shared(&decoder, first, static_cast<uint64_t>(layer.count), &energy));
    FRC_TRY(decoder.begin_transform(energy));
    if (decoder.parts() == 0) return {};
    const size_t scratch_bytes = decoder.scratch_bytes();
    uint8_t *scratch = pool_.take<uint8_t>(uint64_t{scratch_bytes} * work_.workers());
    if (!scratch) return NO_MEMORY;
    return work_.run(decoder.parts(), progress, [&](size_t worker, size_t part) {
        return decoder.transform(part, Arena(scratch + worker * scratch_bytes, scratch_bytes));
    });
}

/// Puts the points of the whole stream, segment by segment.
Status Decoder::put_own(LayerDecoder *layer, uint64_t progress, uint64_t *energy) {
    const Stream &stream = stream_.levels();
    const size_t scratch_bytes = LayerDecoder::put_scratch_bytes(stream);
    const size_t workers = layer->in_order() ? 1 : work_.workers();
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
            FRC_TRY(work_.check_cancelled());
        }
    } else {
        FRC_TRY(work_.run(stream.segments(), progress, put));
    }
    for (size_t segment = 0; segment < stream.segments(); ++segment) add_energy(energy, energies[segment]);
    return {};
}

/// Puts the points first … first + count - 1 of the stream.
Status Decoder::put_shared(LayerDecoder *layer, uint64_t first, uint64_t count, uint64_t *energy) {
    for (uint64_t done = 0; done < count;) {
        const auto segment = static_cast<size_t>((first + done) / Stream::SEGMENT);
        const auto skipped = static_cast<size_t>((first + done) % Stream::SEGMENT);
        const int32_t *points;
        FRC_TRY(stream_.decode_segment(segment, &work_, &points));
        const uint64_t left = stream_.levels().size(segment) - skipped;
        const auto size = static_cast<size_t>(left < count - done ? left : count - done);
        FRC_TRY(layer->put(static_cast<int64_t>(done), points + skipped, size, energy));
        done += size;
    }
    return {};
}

}  // namespace frc
