#include "container/packed.h"

#include <string.h>

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

namespace frc {
namespace {

constexpr Status DAMAGED = {Code::BAD_ZSTD, "A packed value or lossless stream is not a valid zstd frame."};
constexpr Status NOT_CANONICAL = {Code::BAD_MSGPACK, "A packed value is not canonical msgpack."};
constexpr uint64_t MAX_BLOCK_CONTENT = 128 << 10, MIN_BLOCK_BYTES = 3;  // of a zstd block

/// Length of the UTF-8 sequence at `at`; 0 if it is invalid.
size_t sequence_length(const uint8_t *at, const uint8_t *end) {
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

bool is_utf8(Bytes text) {
    for (const uint8_t *at = text.data, *end = at + text.size; at != end;) {
        const size_t length = sequence_length(at, end);
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
    if (header.frameContentSize > (frame.size - header.headerSize) / MIN_BLOCK_BYTES * MAX_BLOCK_CONTENT) {
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
    uint8_t unused;
    const size_t result = ZSTD_decompressDCtx(context, size ? content : &unused, size, frame.data, frame.size);
    return ZSTD_isError(result) || result != size ? DAMAGED : Status{};
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

const char *c_string(Bytes text, Pool *pool) {
    char *copy = pool->take<char>(uint64_t{text.size} + 1);
    if (!copy) return nullptr;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    return copy;
}

/// Reads the head of the next value: its kind, and its value or length. Returns false unless it has the shortest form.
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
            uint64_t least;  // number that needs this form; the magnitude of negative numbers
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
    Head next;
    if (head(&next) && next.kind == kind) {
        *value = next.number;
        return true;
    }
    at_ = before;
    return false;
}

bool Values::array(uint64_t *count) { return number(Kind::ARRAY, count); }
bool Values::map(uint64_t *count) { return number(Kind::MAP, count); }
bool Values::integer(uint64_t *value) { return number(Kind::UNSIGNED, value); }

bool Values::bytes_of(Kind kind, Bytes *bytes) {
    uint64_t size;
    if (!number(kind, &size)) return false;
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
}

bool Values::check() {
    uint64_t arrays = 0, maps = 0;
    for (uint64_t left = 1; left > 0; --left) {
        Head next;
        if (!head(&next)) return false;
        const auto rest = static_cast<uint64_t>(end_ - at_);
        if (next.kind == Kind::TEXT || next.kind == Kind::BINARY) {
            if (next.number > rest) return false;
            if (next.kind == Kind::TEXT && !is_utf8({at_, static_cast<size_t>(next.number)})) return false;
            at_ += next.number;
        } else if (next.kind == Kind::ARRAY || next.kind == Kind::MAP) {
            if (next.number > rest) return false;  // every element has at least a byte
            uint64_t &containers = next.kind == Kind::ARRAY ? arrays : maps;
            if (++containers > MAX_CONTAINERS) return false;
            left += next.kind == Kind::ARRAY ? next.number : 2 * next.number;
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
