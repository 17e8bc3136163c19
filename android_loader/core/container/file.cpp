#include "container/file.h"

#include <string.h>

#include "container/decoder.h"
#include "stages/kernels.h"

namespace frc {

Status File::open(Bytes bytes, uint64_t max_bytes, Where *where) {
    max_bytes_ = max_bytes < INT64_MAX ? max_bytes : INT64_MAX;  // offsets and sums stay below 2^64
    FRC_TRY(sections_.read(bytes, &pool_, &where->offset));
    where->offset = static_cast<int64_t>(sections_.index.start);
    FRC_TRY(index_.read(sections_.index.payload, &pool_, &where->entry));
    FRC_TRY(place_streams());
    FRC_TRY(apply_width(nullptr, &width_pool_));
    if (has_model()) {
        where->offset = static_cast<int64_t>(sections_.skeleton.start);
        FRC_TRY(skeleton_.read(sections_.skeleton.payload, index_, max_bytes_, &pool_));
    }
    if (sections_.metadata.exists()) {
        where->offset = static_cast<int64_t>(sections_.metadata.start);
        FRC_TRY(read_metadata());
    }
    if (sections_.widths.exists()) {
        where->offset = static_cast<int64_t>(sections_.widths.start);
        FRC_TRY(widths_.read(sections_.widths.payload, index_, &pool_));
    }
    return {};
}

/// Metadata is not used here, but must be valid.
Status File::read_metadata() {
    constexpr Status INVALID = {Code::BAD_MSGPACK, "The metadata is not a sorted map of strings."};
    Pool pool(memory());
    Bytes value, before = {nullptr, 0}, key, text;
    FRC_TRY(unpack(sections_.metadata.payload, MAX_METADATA_BYTES, &pool, &value));
    Values values(value);
    uint64_t count;
    if (!values.map(&count)) return INVALID;
    for (uint64_t i = 0; i < count; ++i, before = key) {
        if (!values.text(&key) || !values.text(&text)) return INVALID;
        if (i == 0) continue;
        const int order = memcmp(before.data, key.data, before.size < key.size ? before.size : key.size);
        if (order > 0 || (order == 0 && before.size >= key.size)) return INVALID;
    }
    return {};
}

/// Streams must fill the data sections exactly, without crossing a border of sections.
Status File::place_streams() {
    constexpr Status BORDER = {Code::BAD_SECTION,
                               "The streams do not fill the data sections, or one crosses a border."};
    uint64_t end = 0;
    for (uint32_t i = 0; i < index_.stream_count; ++i) {
        const StreamPlace &stream = index_.streams[i];
        end = stream.start + stream.size;
        if (stream.start > sections_.data_bytes() || stream.size > sections_.data_bytes() - stream.start) return BORDER;
        if (stream.size == 0) continue;
        const size_t section = sections_.data_section(stream.start);
        if (end > sections_.data_start(section + 1)) return BORDER;
    }
    if (end != sections_.data_bytes()) return BORDER;
    verified_ = pool_.take<uint8_t>(index_.stream_count);
    shapes_ = pool_.take<Shape>(index_.entry_count);
    if (!verified_ || !shapes_) return NO_MEMORY;
    memset(verified_, 0, index_.stream_count);
    return {};
}

Status File::check_size(const Shape *shapes) const {
    uint64_t left = max_bytes_;
    for (uint32_t i = 0; i < index_.entry_count; ++i) {
        if (shapes[i].bytes > left) {
            return {Code::TOO_LARGE,
                    "The file decodes to more bytes than are allowed. Raise the limit if you trust it."};
        }
        left -= shapes[i].bytes;
    }
    return {};
}

Status File::stream(uint32_t number, Bytes *bytes, Where *where) const {
    const StreamPlace &stream = index_.streams[number];
    if (stream.size == 0) {
        *bytes = {nullptr, 0};
        return {};
    }
    const size_t section = sections_.data_section(stream.start);
    const Status status = sections_.data(section, stream.start, bytes);
    if (!status.ok()) where->offset = static_cast<int64_t>(sections_.offset_of(section));
    bytes->size = static_cast<size_t>(stream.size);
    return status;
}

bool File::to_verify(uint32_t stream) const {
    if (__atomic_load_n(&verified_[stream], __ATOMIC_ACQUIRE)) return false;
    const StreamPlace &place = index_.streams[stream];
    for (uint32_t i = 0; !full_width_ && i < place.members; ++i) {
        if (shapes_[index_.members[place.first_member + i]].resized) return false;
    }
    return true;
}

/// Sets the shapes to those of a possible width, or of full width for nullptr, unless they exceed the limit.
Status File::apply_width(const int64_t *lengths, Pool *pool) {
    Pool scratch(memory());
    Shape *shapes = scratch.take<Shape>(index_.entry_count);
    if (!shapes) return NO_MEMORY;
    if (lengths) {
        FRC_TRY(widths_.shape(index_, lengths, pool, shapes));
    } else {
        for (uint32_t i = 0; i < index_.entry_count; ++i) {
            const Entry &entry = index_.entries[i];
            shapes[i] = {entry.shape, decoded_bytes(entry.rank, entry.shape, entry.dtype), 1, false};
        }
    }
    FRC_TRY(check_size(shapes));
    memcpy(shapes_, shapes, index_.entry_count * sizeof *shapes);
    full_width_ = !lengths;
    return {};
}

Status File::set_width(const int64_t *lengths, size_t groups, bool allow_unvalidated, const frc_work *work,
                       Where *where) {
    if (widths_.groups == 0) return {Code::BAD_OPTION, "The file has full width only."};
    if (!widths_.possible(index_, lengths, groups)) {
        return {Code::BAD_OPTION, "The tensors of the file cannot have this width."};
    }
    const int number = widths_.find(lengths);
    if (memcmp(lengths, widths_.full, groups * sizeof *lengths) == 0) {
        FRC_TRY(apply_width(nullptr, &width_pool_));
        width_pool_.give_all();
        return {};
    }
    if (number < 0 && !allow_unvalidated) {
        return {Code::UNVALIDATED_WIDTH, "The file was not validated at this width, at which the network may fail."};
    }
    Pool pool(memory()), scratch(memory());
    Shape *previous = scratch.take<Shape>(index_.entry_count);
    if (!previous) return NO_MEMORY;
    memcpy(previous, shapes_, index_.entry_count * sizeof *previous);
    const bool was_full = full_width_;
    FRC_TRY(apply_width(lengths, &pool));
    const Status status = number < 0 ? Status{} : verify(widths_.validated[number].checksum, work, where);
    if (status.ok()) {
        width_pool_.replace(&pool);
    } else {
        memcpy(shapes_, previous, index_.entry_count * sizeof *previous);
        full_width_ = was_full;
    }
    return status;
}

/// Decodes all entries except views at the current width and compares their CRC-32.
Status File::verify(uint32_t checksum, const frc_work *work, Where *where) const {
    uint64_t total = 0, largest = 0;
    for (uint32_t i = 0; i < index_.entry_count; ++i) {
        if (index_.entries[i].coding == Coding::VIEW) continue;
        total += shapes_[i].bytes;
        if (shapes_[i].bytes > largest) largest = shapes_[i].bytes;
    }
    Pool pool(memory());
    uint8_t *elements = pool.take<uint8_t>(largest);
    if (!elements) return NO_MEMORY;
    Work progress(work, total);
    Decoder decoder(*this, &progress, where);
    uint32_t crc = 0;
    for (uint32_t i = 0; i < index_.entry_count; ++i) {
        if (index_.entries[i].coding == Coding::VIEW) continue;
        FRC_TRY(decoder.decode(i, elements));
        crc = kernels().crc32(elements, static_cast<size_t>(shapes_[i].bytes), crc);
    }
    if (crc == checksum) return {};
    return {Code::BAD_DIGEST, "The file does not decode to the values that this width was validated with."};
}

}  // namespace frc
