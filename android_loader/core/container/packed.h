// Packed values: canonical msgpack, compressed with zstd (spec section 3).

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "container/memory.h"

namespace frc {

/// Reads the declared content size of a zstd frame. Errors: BAD_ZSTD; TOO_LARGE above the limit.
Status content_size(Bytes frame, uint64_t limit, uint64_t *size);

/// Decompresses exactly one frame that `content_size` accepted. Errors: BAD_ZSTD, OUT_OF_MEMORY.
Status decompress(Bytes frame, void *content, size_t size, const frc_memory &memory);

/// Decompresses a packed value and checks that it is canonical. It lives as long as the pool.
/// Errors: BAD_ZSTD, TOO_LARGE, BAD_MSGPACK, OUT_OF_MEMORY.
Status unpack(Bytes frame, uint64_t limit, Pool *pool, Bytes *value);

/// Copies a string and terminates it; nullptr if there is no memory.
const char *c_string(Bytes text, Pool *pool);

inline constexpr uint64_t LARGEST_NUMBER = uint64_t{1} << 53;

/// Reads a canonical msgpack value sequentially. Functions return false, and read nothing, if the next value has
/// another type.
class Values {
  public:
    explicit Values(Bytes value = {nullptr, 0}) : at_(value.data), end_(value.data + value.size) {}

    /// Reads the head of an array; its elements follow.
    bool array(uint64_t *count);

    /// Reads an integer ≥ 0.
    bool integer(uint64_t *value);

    /// Read a UTF-8 string, or bytes.
    bool text(Bytes *bytes) { return bytes_of(Kind::TEXT, bytes); }
    bool binary(Bytes *bytes) { return bytes_of(Kind::BINARY, bytes); }

    /// Reads the head of a map; keys and values follow.
    bool map(uint64_t *count);

    /// Whether everything has been read.
    bool done() const { return at_ == end_; }

    /// Reads an integer < 0.
    bool negative() {
        uint64_t value;
        return number(Kind::NEGATIVE, &value);
    }

    /// Reads a value of any type and nesting. Returns false if it is malformed, not canonical, or has more than
    /// MAX_CONTAINERS arrays or maps.
    bool check();

  private:
    enum class Kind : uint8_t { UNSIGNED, NEGATIVE, TEXT, BINARY, ARRAY, MAP, NONE };
    struct Head {
        Kind kind;
        uint64_t number;  // value, bytes or elements
    };

    bool head(Head *head);
    bool bytes_of(Kind kind, Bytes *bytes);
    bool number(Kind kind, uint64_t *value);

    const uint8_t *at_;
    const uint8_t *end_;
};

/// Reads an array of integers in 0 … 2^53, for instance a column of the index.
class Numbers {
  public:
    /// Takes the next value of `values`. Returns false if it is not such an array.
    bool open(Values *values);

    uint64_t count() const { return count_; }
    uint64_t left() const { return left_; }

    /// The next number. `left` must be > 0.
    uint64_t next();

  private:
    Values rest_;
    uint64_t count_ = 0, left_ = 0;
};

}  // namespace frc
