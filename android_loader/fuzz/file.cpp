// Fuzzing of the whole decoder behind frc.h: whatever the bytes, an error or what was asked for, never anything else.
//
// An input is a byte that says what follows, and
//     0    a file as it is
//     1    sections: type u8, flags u8, length u16, payload. The harness makes a file of them: packed values get a zstd
//          frame, sections their checksums, the file its trailer. So changes reach what lies behind all of these.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/constants.h"
#include "frc.h"

namespace {

constexpr uint64_t MOST_BYTES = uint64_t{1} << 14;
constexpr size_t MOST_ENTRIES = 64;  // that are decoded one by one

using Buffer = std::vector<uint8_t>;

void append(Buffer *to, const void *bytes, size_t size) {
    const auto *from = static_cast<const uint8_t *>(bytes);
    to->insert(to->end(), from, from + size);
}

/// A zstd frame of one raw block, or of an empty one: magic, single segment with a size of four bytes, block.
Buffer framed(const uint8_t *content, uint32_t size) {
    const uint8_t head[] = {0x28, 0xB5, 0x2F, 0xFD, 0xA0};
    Buffer frame(head, head + sizeof head);
    append(&frame, &size, sizeof size);
    const uint32_t block = size << 3 | 1;  // the last one, raw
    append(&frame, &block, 3);
    append(&frame, content, size);
    return frame;
}

void append_section(Buffer *file, int type, int flags, const Buffer &payload) {
    const size_t start = file->size();
    file->push_back(static_cast<uint8_t>(type));
    file->push_back(static_cast<uint8_t>(flags));
    size_t length = payload.size();
    for (; length >= 128; length >>= 7) file->push_back(static_cast<uint8_t>(length | 128));
    file->push_back(static_cast<uint8_t>(length));
    append(file, payload.data(), payload.size());
    const uint32_t sum = frc_crc32(0, file->data() + start, file->size() - start);
    append(file, &sum, sizeof sum);
}

/// A file of the sections of an input.
Buffer sealed(const uint8_t *data, size_t size) {
    Buffer file(frc::MAGIC, frc::MAGIC + sizeof frc::MAGIC);
    file.push_back(frc::VERSION);
    file.push_back(0);
    uint32_t last = 0;
    while (size >= 4) {
        const int type = data[0], flags = data[1];
        size_t length = data[2] | static_cast<size_t>(data[3]) << 8;
        data += 4, size -= 4;
        if (length > size) length = size;
        const bool packed = type >= frc::SECTION_SKELETON && type <= frc::SECTION_WIDTHS;
        const size_t before = file.size();
        append_section(&file, type, flags,
                       packed ? framed(data, static_cast<uint32_t>(length)) : Buffer(data, data + length));
        last = static_cast<uint32_t>(file.size() - before);
        data += length, size -= length;
    }
    append(&file, &last, sizeof last);
    append(&file, frc::END_MAGIC, sizeof frc::END_MAGIC);
    return file;
}

/// Two workers that take turns on one thread, the last part first.
void run(void *, void (*part)(void *, size_t, size_t), void *context, size_t count) {
    for (size_t i = count; i > 0; --i) part(context, i % 2, i - 1);
}

constexpr frc_work IN_PARTS = {nullptr, nullptr, run, 2};

void decode(const frc_file *file) {
    const size_t count = frc_entry_count(file);
    std::vector<Buffer> buffers(count);
    std::vector<void *> places(count);
    for (size_t i = 0; i < count; ++i) {
        const frc_entry entry = frc_entry_at(file, i);
        if (frc_find(file, entry.name, std::strlen(entry.name)) != static_cast<int64_t>(i) && *entry.name) std::abort();
        buffers[i].resize(static_cast<size_t>(entry.bytes));
        places[i] = i % 3 ? buffers[i].data() : nullptr;
        if (i < MOST_ENTRIES)
            (void)frc_decode(file, i, buffers[i].data(), buffers[i].size(), i % 2 ? &IN_PARTS : nullptr);
    }
    (void)frc_decode_all(file, places.data(), nullptr);
}

/// Both ways to the model file give the same bytes, or both an error.
void rebuild(const frc_file *file) {
    if (!frc_has_model(file)) return;
    Buffer streamed, buffer(frc_model_bytes(file));
    const auto write = [](void *self, const void *bytes, size_t size) {
        append(static_cast<Buffer *>(self), bytes, size);
        return 0;
    };
    const bool first = frc_rebuild(file, write, &streamed, nullptr).code == 0;
    const bool second = frc_rebuild_into(file, buffer.data(), buffer.size(), nullptr).code == 0;
    if (first != second || (first && streamed != buffer)) std::abort();
}

void read(const Buffer &bytes) {
    const frc_memory memory = {nullptr, [](void *, size_t size) { return std::malloc(size); },
                               [](void *, void *piece, size_t) { std::free(piece); }};
    frc_file *file;
    if (frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory).code) return;
    decode(file);
    rebuild(file);
    const int64_t *full;
    const size_t groups = frc_groups(file, &full);
    for (size_t i = 0; i < frc_width_count(file); ++i) {
        if (frc_set_width(file, frc_width_at(file, i).lengths, groups, 1, nullptr).code == 0) decode(file);
    }
    std::vector<int64_t> half(full, full + groups);
    for (int64_t &length : half) length = (length + 1) / 2;
    if (groups && frc_set_width(file, half.data(), groups, 1, nullptr).code == 0) decode(file);
    frc_close(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    read(data[0] ? sealed(data + 1, size - 1) : Buffer(data + 1, data + size));
    return 0;
}
