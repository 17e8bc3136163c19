// Packed values: canonical msgpack under zstd (spec section 3).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "container/memory.h"

namespace frc {

/// The declared content size of what should be exactly one zstd frame. Errors: BAD_ZSTD, TOO_LARGE above the limit.
Status content_size(Bytes frame, uint64_t limit, uint64_t *size);

/// The content of a frame that `content_size` accepted. Errors: BAD_ZSTD, OUT_OF_MEMORY.
Status decompress(Bytes frame, void *content, size_t size, const frc_memory &memory);

/// The msgpack value of a packed one, canonical as a whole; it lives as long as the pool.
/// Errors: BAD_ZSTD, TOO_LARGE, BAD_MSGPACK, OUT_OF_MEMORY.
Status unpack(Bytes frame, uint64_t limit, Pool *pool, Bytes *value);

/// A copy of a text, ended as C likes it; nullptr where there is no memory.
const char *ended(Bytes text, Pool *pool);

inline constexpr uint64_t LARGEST_NUMBER = uint64_t{1} << 53;

/// Reads the parts of a canonical value one after the other. A function returns false, and reads nothing, where
/// something of another kind stands.
class Values {
  public:
    explicit Values(Bytes value = {nullptr, 0}) : at_(value.data), end_(value.data + value.size) {}

    /// The head of an array; its elements follow.
    bool array(uint64_t *count);

    /// An integer that is not negative.
    bool integer(uint64_t *value);

    /// A string in UTF-8, or bytes.
    bool text(Bytes *bytes) { return piece(Kind::TEXT, bytes); }
    bool binary(Bytes *bytes) { return piece(Kind::BINARY, bytes); }

    /// The head of a map; keys and values follow.
    bool map(uint64_t *count);

    /// Whether nothing follows.
    bool done() const { return at_ == end_; }

    /// An integer below zero.
    bool negative() {
        uint64_t value;
        return number(Kind::NEGATIVE, &value);
    }

    /// The next value is one of these, of any nesting; false where it is malformed, not canonical, or there are more
    /// than MAX_CONTAINERS arrays or maps.
    bool check();

  private:
    enum class Kind : uint8_t { UNSIGNED, NEGATIVE, TEXT, BINARY, ARRAY, MAP, NONE };
    struct Head {
        Kind kind;
        uint64_t number;  // value, bytes or elements
    };

    bool head(Head *head);
    bool piece(Kind kind, Bytes *bytes);
    bool number(Kind kind, uint64_t *value);

    const uint8_t *at_;
    const uint8_t *end_;
};

/// Integers in 0 … 2^53, one after the other: a column of the index.
class Numbers {
  public:
    /// The next value of `values`, an array. False where it is none, or holds anything else.
    bool open(Values *values);

    uint64_t count() const { return count_; }
    uint64_t left() const { return left_; }

    /// The next one; there must be one left.
    uint64_t next();

  private:
    Values rest_;
    uint64_t count_ = 0, left_ = 0;
};

}  // namespace frc
