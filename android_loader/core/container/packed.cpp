#include "container/packed.h"

#include <string.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

namespace frc {
namespace {

constexpr Status DAMAGED = {Code::BAD_ZSTD, "A packed value or raw stream is no sound zstd frame."};
constexpr Status NOT_CANONICAL = {Code::BAD_MSGPACK, "A packed value is not canonical msgpack."};
constexpr uint64_t MOST_OF_A_BLOCK = 128 << 10, LEAST_BLOCK = 3;  // bytes out and in

/// Length of the UTF-8 sequence at the front; 0 where there is none.
size_t sequence(const uint8_t *at, const uint8_t *end) {
    const uint8_t first = *at;
    if (first < 0x80) return 1;
    const size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || static_cast<size_t>(end - at) < length) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    const bool overlong = (first == 0xE0 && at[1] < 0xA0) || (first == 0xF0 && at[1] < 0x90);
    const bool surrogate = first == 0xED && at[1] >= 0xA0, beyond = first == 0xF4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

bool utf8(Bytes text) {
    for (const uint8_t *at = text.data, *end = at + text.size; at != end;) {
        const size_t length = sequence(at, end);
        if (!length) return false;
        at += length;
    }
    return true;
}

}  // namespace

Status content_size(Bytes frame, uint64_t limit, uint64_t *size) {
    constexpr uint32_t MAGIC_NUMBER = 0xFD2FB528;
    if (frame.size < sizeof MAGIC_NUMBER || load_u32(frame.data) != MAGIC_NUMBER) return DAMAGED;
    ZSTD_frameHeader header;
    if (ZSTD_getFrameHeader(&header, frame.data, frame.size) != 0 || header.dictID != 0) return DAMAGED;
    if (header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) {
        return {Code::BAD_ZSTD, "A zstd frame does not declare its size."};
    }
    if (header.frameContentSize > limit) {
        return {Code::TOO_LARGE, "A zstd frame holds more bytes than are allowed. Raise the limit if you trust it."};
    }
    if (header.frameContentSize > (frame.size - header.headerSize) / LEAST_BLOCK * MOST_OF_A_BLOCK) {
        return {Code::BAD_ZSTD, "A zstd frame claims more bytes than it can hold."};
    }
    *size = header.frameContentSize;
    return {};
}

Status decompress(Bytes frame, void *content, size_t size, const frc_memory &memory) {
    if (ZSTD_findFrameCompressedSize(frame.data, frame.size) != frame.size) return DAMAGED;
    Pool pool(memory);
    const size_t workspace_size = ZSTD_estimateDCtxSize();
    void *workspace = pool.take_bytes(workspace_size);
    if (!workspace) return NO_MEMORY;
    ZSTD_DCtx *context = ZSTD_initStaticDCtx(workspace, workspace_size);
    uint8_t nothing;
    const size_t found = ZSTD_decompressDCtx(context, size ? content : &nothing, size, frame.data, frame.size);
    return ZSTD_isError(found) || found != size ? DAMAGED : Status{};
}

Status unpack(Bytes frame, uint64_t limit, Pool *pool, Bytes *value) {
    uint64_t size;
    FRC_TRY(content_size(frame, limit, &size));
    uint8_t *content = pool->take<uint8_t>(size);
    if (!content) return NO_MEMORY;
    *value = {content, static_cast<size_t>(size)};
    FRC_TRY(decompress(frame, content, value->size, pool->memory()));
    Values values(*value);
    return values.check() && values.done() ? Status{} : NOT_CANONICAL;
}

const char *ended(Bytes text, Pool *pool) {
    char *copy = pool->take<char>(uint64_t{text.size} + 1);
    if (!copy) return nullptr;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    return copy;
}

/// Kind and number of the next value in its shortest form, past its head. Reads nothing where there is none.
bool Values::head(Head *head) {
    if (at_ == end_) return false;
    const uint8_t *at = at_;
    const uint8_t first = *at++;
    if (first < 0x80) {
        *head = {Kind::UNSIGNED, first};
    } else if (first < 0x90) {
        *head = {Kind::MAP, first & 15u};
    } else if (first < 0xA0) {
        *head = {Kind::ARRAY, first & 15u};
    } else if (first < 0xC0) {
        *head = {Kind::TEXT, first & 31u};
    } else if (first >= 0xE0) {
        *head = {Kind::NEGATIVE, 256u - first};
    } else {
        struct Form {
            uint8_t first;
            Kind kind;
            uint8_t bytes;
            uint64_t least;  // of what no shorter form holds; of negative numbers the magnitude
        };
        static constexpr Form FORMS[] = {
            {0xC4, Kind::BINARY, 1, 0},
            {0xC5, Kind::BINARY, 2, 1 << 8},
            {0xC6, Kind::BINARY, 4, 1 << 16},
            {0xCC, Kind::UNSIGNED, 1, 1 << 7},
            {0xCD, Kind::UNSIGNED, 2, 1 << 8},
            {0xCE, Kind::UNSIGNED, 4, 1 << 16},
            {0xCF, Kind::UNSIGNED, 8, uint64_t{1} << 32},
            {0xD0, Kind::NEGATIVE, 1, 33},
            {0xD1, Kind::NEGATIVE, 2, 129},
            {0xD2, Kind::NEGATIVE, 4, 32769},
            {0xD3, Kind::NEGATIVE, 8, (uint64_t{1} << 31) + 1},
            {0xD9, Kind::TEXT, 1, 1 << 5},
            {0xDA, Kind::TEXT, 2, 1 << 8},
            {0xDB, Kind::TEXT, 4, 1 << 16},
            {0xDC, Kind::ARRAY, 2, 1 << 4},
            {0xDD, Kind::ARRAY, 4, 1 << 16},
            {0xDE, Kind::MAP, 2, 1 << 4},
            {0xDF, Kind::MAP, 4, 1 << 16},
        };
        *head = {Kind::NONE, 0};
        for (const Form &form : FORMS) {
            if (form.first != first) continue;
            if (static_cast<size_t>(end_ - at) < form.bytes) return false;
            uint64_t number = 0;
            for (int i = 0; i < form.bytes; ++i) number = number << 8 | *at++;
            if (form.kind == Kind::NEGATIVE) {
                number = (uint64_t{1} << (8 * form.bytes - 1)) * 2 - number;  // 2^bits - pattern, modulo 2^64
                if (number > uint64_t{1} << (8 * form.bytes - 1)) return false;
            }
            if (number < form.least) return false;
            *head = {form.kind, number};
        }
        if (head->kind == Kind::NONE) return false;
    }
    at_ = at;
    return true;
}

bool Values::number(Kind kind, uint64_t *value) {
    const uint8_t *before = at_;
    Head found;
    if (head(&found) && found.kind == kind) {
        *value = found.number;
        return true;
    }
    at_ = before;
    return false;
}

bool Values::array(uint64_t *count) { return number(Kind::ARRAY, count); }
bool Values::map(uint64_t *count) { return number(Kind::MAP, count); }
bool Values::integer(uint64_t *value) { return number(Kind::UNSIGNED, value); }

bool Values::piece(Kind kind, Bytes *bytes) {
    uint64_t size;
    if (!number(kind, &size)) return false;
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
}

bool Values::check() {
    uint64_t arrays = 0, maps = 0;
    for (uint64_t left = 1; left > 0; --left) {
        Head found;
        if (!head(&found)) return false;
        const auto rest = static_cast<uint64_t>(end_ - at_);
        if (found.kind == Kind::TEXT || found.kind == Kind::BINARY) {
            if (found.number > rest) return false;
            if (found.kind == Kind::TEXT && !utf8({at_, static_cast<size_t>(found.number)})) return false;
            at_ += found.number;
        } else if (found.kind == Kind::ARRAY || found.kind == Kind::MAP) {
            if (found.number > rest) return false;  // every element has a byte or more
            uint64_t &containers = found.kind == Kind::ARRAY ? arrays : maps;
            if (++containers > MAX_CONTAINERS) return false;
            left += found.kind == Kind::ARRAY ? found.number : 2 * found.number;
        }
    }
    return true;
}

bool Numbers::open(Values *values) {
    if (!values->array(&count_)) return false;
    left_ = count_;
    rest_ = *values;
    for (uint64_t i = 0; i < count_; ++i) {
        uint64_t number;
        if (!values->integer(&number) || number > LARGEST_NUMBER) return false;
    }
    return true;
}

uint64_t Numbers::next() {
    uint64_t number = 0;
    rest_.integer(&number);
    --left_;
    return number;
}

}  // namespace frc
