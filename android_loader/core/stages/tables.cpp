#include "stages/tables.h"

#include <math.h>
#include <string.h>

namespace frc {
namespace {

/// 2^(-e / 64) with 16 fractional bits.
uint32_t exp2_of(uint32_t e) { return EXP2[e & 63] >> (e >> 6); }

uint64_t integer_root(uint64_t square) {
    auto root = static_cast<uint64_t>(sqrt(static_cast<double>(square)));
    while (root * root > square) --root;
    while ((root + 1) * (root + 1) <= square) ++root;
    return root;
}

uint32_t power(uint32_t width) { return uint32_t{1} << width; }

/// f(0).
int zero_frequency(uint32_t zero) {
    const uint32_t distance = zero < ZERO_CENTER ? ZERO_CENTER - zero : zero - ZERO_CENTER;
    const uint32_t odds = exp2_of(16 * distance);
    const auto minority = static_cast<int>((SLOTS * odds + (odds + 65536) / 2) / (odds + 65536));
    return zero < ZERO_CENTER ? minority : SLOTS - minority;
}

/// Prefix sums of the weights w(1), w(2) … of the magnitudes; those after `terms` equal the last.
struct Tail {
    uint64_t sums[TAIL_TERMS];
    int terms = 0;

    Tail(int scale, uint32_t exponent, int subset) {
        const auto a = static_cast<uint32_t>(8 * (static_cast<int>(exponent) + 1) * (scale - SCALE_ORIGIN) + 256);
        const uint64_t c = (uint64_t{EXP2[a & 63]} << 14) >> (a >> 6);
        uint64_t first = 0, sum = 0;
        for (int j = 1; j <= TAIL_TERMS; ++j) {
            const auto half_levels = static_cast<uint64_t>(2 * j - subset);
            uint64_t raised = half_levels;
            for (uint32_t i = 0; i < exponent; ++i) raised *= half_levels;
            const uint64_t energy = integer_root(raised << 16) * c >> 28;
            if (j == 1) first = energy;
            const uint64_t distance = energy - first;
            if (distance >> 6 > 16) break;  // w(j) = 0, and so are all later ones
            sum += EXP2[distance & 63] >> (distance >> 6);
            sums[terms++] = sum;
        }
    }

    uint64_t upto(int j) const { return sums[(j < terms ? j : terms) - 1]; }
    uint64_t all() const { return sums[terms - 1]; }
};

}  // namespace

Table Table::read(BitReader *bits, const Table *before, int subsets) {
    Table table;
    if (!before) {
        table.zero = bits->field(ZERO_BITS);
        if (subsets == 2) table.gap = bits->field(ZERO_BITS);
        table.scale = bits->field(SCALE_BITS);
        table.exponent = bits->field(SHAPE_BITS);
        return table;
    }
    const auto next = [bits](uint32_t value, uint32_t width) {
        constexpr uint32_t LARGEST = 2 * ((1 << ZERO_BITS) - 1);
        return (value + static_cast<uint32_t>(BitReader::unfold(bits->unary(LARGEST)))) & (power(width) - 1);
    };
    table.zero = next(before->zero, ZERO_BITS);
    if (subsets == 2) table.gap = next(before->gap, ZERO_BITS);
    table.scale = next(before->scale, SCALE_BITS);
    table.exponent = next(before->exponent, SHAPE_BITS);
    return table;
}

int Table::shift() const {
    const int excess = static_cast<int>(scale) - SCALE_CAP + 3;
    return excess > 0 ? excess >> 2 : 0;
}

int Table::fill(int subset, uint8_t *slots, PackedSymbol *symbols) const {
    int slot = 0, number = 0;
    const auto put = [&](int level, int frequency) {
        symbols[number] = static_cast<uint32_t>(level) << LEVEL_PLACE |
                          static_cast<uint32_t>(frequency - 1) << FREQUENCY_BITS | static_cast<uint32_t>(slot);
        memset(slots + slot, number, static_cast<size_t>(frequency));
        slot += frequency;
        ++number;
    };
    const uint32_t own_zero = (zero + static_cast<uint32_t>(subset) * gap) & (power(ZERO_BITS) - 1);
    const int zeros = zero_frequency(own_zero);
    const Tail tail(static_cast<int>(scale) - 4 * shift(), exponent, subset);
    put(0, zeros);
    int reach = 0, below = 0;
    for (; reach < MAX_DIRECT; ++reach) {
        const auto sum = tail.upto(reach + 1) * static_cast<uint64_t>(SLOTS - 1 - zeros) / (2 * tail.all());
        const int frequency = static_cast<int>(sum) - below;
        if (frequency == 0) break;
        put(-(reach + 1), frequency);
        put(reach + 1, frequency);
        below += frequency;
    }
    put(ESCAPED, SLOTS - zeros - 2 * below);
    return reach;
}

}  // namespace frc
