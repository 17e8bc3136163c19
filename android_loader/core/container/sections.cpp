#include "container/sections.h"

#include <string.h>

#include "stages/kernels.h"

namespace frc {
namespace {

constexpr uint64_t HEADER_BYTES = sizeof MAGIC + 2, CHECKSUM_BYTES = 4;
constexpr int LONGEST_UVARINT = 9;

constexpr Status NO_INDEX_AT_END = {Code::BAD_TRAILER, "The trailer does not lead to an index at the end of the file."};
constexpr Status TWICE = {Code::BAD_SECTION, "The file has two sections of a type that may occur once."};
constexpr Status ENDS = {Code::TRUNCATED, "The file ends inside a section."};

Status check_header(Bytes file) {
    const size_t magic = file.size < sizeof MAGIC ? file.size : sizeof MAGIC;
    if (magic && memcmp(file.data, MAGIC, magic) != 0) {
        return {Code::BAD_MAGIC, "This is not an .frc file. If it is a model file, encode it first."};
    }
    if (file.size < HEADER_BYTES) return {Code::TRUNCATED, "The file ends inside its header."};
    if (file.data[sizeof MAGIC] != VERSION) {
        return {Code::FUTURE_VERSION, "The file has a later format version. Use a newer frcodec."};
    }
    if (file.data[sizeof MAGIC + 1]) return {Code::RESERVED_BITS, "The reserved byte of the header is not zero."};
    return {};
}

}  // namespace

Status Sections::read(Bytes file, Pool *pool, int64_t *offset) {
    file_ = file;
    *offset = 0;
    FRC_TRY(check_header(file));
    *offset = static_cast<int64_t>(file.size);
    if (file.size < HEADER_BYTES + TRAILER_BYTES ||
        memcmp(file.data + file.size - sizeof END_MAGIC, END_MAGIC, sizeof END_MAGIC) != 0) {
        return {Code::BAD_TRAILER, "The file does not end with its end mark: it is cut short or has bytes added."};
    }
    FRC_TRY(walk(false, offset));
    data_ = pool->take<Data>(data_count_ + 1);
    if (!data_) return NO_MEMORY;
    FRC_TRY(walk(true, offset));
    if (!index.exists()) return {Code::BAD_SECTION, "The file has no index."};
    *offset = -1;
    return {};
}

/// Walks over all sections: to count the data sections, and a second time to store all sections.
Status Sections::walk(bool store, int64_t *offset) {
    const uint64_t end = file_.size - TRAILER_BYTES, index_bytes = load_u32(file_.data + end);
    uint64_t at = HEADER_BYTES, start = 0;
    int type = -1;
    data_count_ = 0;
    data_bytes_ = 0;
    for (int count = 0; at < end; ++count) {
        *offset = static_cast<int64_t>(start = at);
        if (count == MAX_SECTIONS) return {Code::TOO_LARGE, "The file has too many sections."};
        Section section;
        FRC_TRY(next(&at, end, &type, &section));
        if (store && type != SECTION_DATA) {
            FRC_TRY(check(section));
            FRC_TRY(place(type, section));
        }
        if (type != SECTION_DATA) continue;
        if (store) data_[data_count_] = {section, data_bytes_, 0};
        ++data_count_;
        data_bytes_ += section.payload.size;
    }
    if (store) data_[data_count_] = {{}, data_bytes_, 0};
    *offset = static_cast<int64_t>(end);
    return type == SECTION_INDEX && end - start == index_bytes ? Status{} : NO_INDEX_AT_END;
}

Status Sections::next(uint64_t *at, uint64_t end, int *type, Section *section) const {
    const uint64_t start = *at;
    if (end - start < 2) return ENDS;
    const int flags = file_.data[start + 1];
    *type = file_.data[start];
    uint64_t length = 0, payload = start + 2;
    for (int i = 0;; ++i, ++payload) {
        if (payload == end) return ENDS;
        const uint8_t byte = file_.data[payload];
        length |= uint64_t{byte & 127u} << 7 * i;
        if (byte == 0 ? i > 0 : byte >= 128 && i + 1 == LONGEST_UVARINT) {
            return {Code::BAD_SECTION, "A section's length is not in its shortest form."};
        }
        if (byte < 128) break;
    }
    ++payload;
    const uint64_t left = end - payload;
    if (left < CHECKSUM_BYTES || length > left - CHECKSUM_BYTES) return ENDS;
    if (flags & ~ANCILLARY) return {Code::RESERVED_BITS, "Reserved flags of a section are set."};
    const bool known = *type >= SECTION_DATA && *type <= SECTION_WIDTHS && *type != 5;  // 5 is never assigned
    if (!known && !(flags & ANCILLARY)) {
        return {Code::UNKNOWN_SECTION,
                "The file needs a section that this version does not know. Use a newer frcodec."};
    }
    *at = payload + length + CHECKSUM_BYTES;
    *section = {{file_.data + payload, static_cast<size_t>(length)}, start, *at};
    return {};
}

Status Sections::check(const Section &section) const {
    const uint64_t covered = section.end - CHECKSUM_BYTES - section.start;
    const uint32_t actual = kernels().crc32(file_.data + section.start, static_cast<size_t>(covered), 0);
    if (actual == load_u32(file_.data + section.end - CHECKSUM_BYTES)) return {};
    return {Code::BAD_CRC, "A section is damaged: its bytes do not match its checksum."};
}

Status Sections::place(int type, const Section &section) {
    Section *places[] = {nullptr, nullptr, &skeleton, &metadata, &index, nullptr, &widths};
    if (type > SECTION_WIDTHS || !places[type]) return {};
    if (places[type]->exists()) return TWICE;
    *places[type] = section;
    return {};
}

size_t Sections::data_section(uint64_t position) const {
    size_t low = 0, high = data_count_;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (data_[middle].first <= position) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

Status Sections::data(size_t number, uint64_t position, Bytes *bytes) const {
    Data &data = data_[number];
    if (!__atomic_load_n(&data.verified, __ATOMIC_ACQUIRE)) {
        FRC_TRY(check(data.section));
        __atomic_store_n(&data.verified, uint8_t{1}, __ATOMIC_RELEASE);
    }
    const auto skipped = static_cast<size_t>(position - data.first);
    *bytes = {data.section.payload.data + skipped, data.section.payload.size - skipped};
    return {};
}

}  // namespace frc
