// Bit strings of stream headers, lowest bit of the first byte first (spec section 8.1).

#pragma once

#include "base/bytes.h"

namespace frc {

/// Reads codes from bytes. After the end or an invalid code, everything reads as 0 and `failed()` is true.
class BitReader {
  public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}

    bool failed() const { return failed_; }

    /// `width` bits, 0 … 32.
    uint32_t field(int width) {
        uint32_t value = 0;
        for (int i = 0; i < width; ++i) value |= bit() << i;
        return value;
    }

    /// A unary number, 0 … limit; larger ones are invalid.
    uint32_t unary(uint32_t limit) {
        uint32_t value = 0;
        while (bit()) {
            if (++value > limit) return fail();
        }
        return value;
    }

    /// An Elias gamma number, 0 … 2^33 - 2.
    uint64_t gamma() {
        const int width = static_cast<int>(unary(MAX_GAMMA_BITS));
        return (uint64_t{1} << width) - 1 + field(width);
    }

    /// Whether the rest of the last byte is zero.
    bool padded() {
        while (at_ % 8) {
            if (bit()) return false;
        }
        return true;
    }

    /// Bytes read so far, rounded up.
    size_t bytes_read() const { return (at_ + 7) / 8; }

    /// The signed number of a zigzag code: 0, -1, 1, -2, 2 …
    static int64_t unfold(uint64_t value) {
        const auto half = static_cast<int64_t>(value >> 1);
        return value & 1 ? -half - 1 : half;
    }

  private:
    static constexpr uint32_t MAX_GAMMA_BITS = 32;

    uint32_t bit() {
        if (failed_ || at_ / 8 >= bytes_.size) return fail();
        const uint32_t value = bytes_.data[at_ / 8] >> (at_ % 8) & 1;
        ++at_;
        return value;
    }

    uint32_t fail() {
        failed_ = true;
        return 0;
    }

    Bytes bytes_;
    size_t at_ = 0;  // in bits
    bool failed_ = false;
};

}  // namespace frc
