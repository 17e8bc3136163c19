// A throw-away adaptive coder: only its code length counts. Nine adaptive models of each binary decision, mixed by a
// small logistic network that learns as it goes. It sees what a decoder would have seen, and no side information.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

constexpr int MODELS = 9;
constexpr int DECISIONS = 24;  // "is the magnitude above b", for b = 0 …; what is larger still costs about an Elias code
constexpr int SETS = 64;
constexpr uint32_t CELLS = 1 << 18;

struct Cell {
    float p = 0.5F;
    uint16_t seen = 0;
};

float stretch(float p) { return std::log(p / (1 - p)); }
float squash(float x) { return 1 / (1 + std::exp(-x)); }
int octaves(float value, float per) { return value < 0.5F ? 0 : 1 + static_cast<int>(per * std::log2(value / 0.5F)); }

}  // namespace

/// Bits for levels in the order of the stream; scales of rows and columns are learnt on the way.
extern "C" double adaptive_bits(const int32_t *levels, const uint8_t *unions, const int32_t *points, int64_t count,
                                int64_t columns, int64_t row) {
    std::vector<Cell> cells(static_cast<size_t>(MODELS) * CELLS);
    std::vector<float> weights(static_cast<size_t>(DECISIONS) * 2 * SETS * MODELS, 0.3F);
    std::vector<float> column_mean(static_cast<size_t>(columns), 0);
    float row_mean = 0, overall = 1;
    double bits = 0;
    const auto back = [&](int64_t i, int64_t b) { return i >= b ? std::fabs(static_cast<float>(points[i - b])) : 0.0F; };
    for (int64_t i = 0; i < count; ++i) {
        const int64_t column = i % columns;
        if (column == 0) row_mean = overall;
        const float n1 = back(i, 1), n2 = back(i, 2), n3 = back(i, 3), r1 = back(i, row), r2 = back(i, 2 * row);
        const float near = back(i, row + 1) + (row > 1 ? back(i, row - 1) : 0.0F);
        const float four = (n1 + n2 + r1 + r2) / 4, eight = (n1 + n2 + n3 + r1 + r2 + near + back(i, 3 * row)) / 8;
        const float by_column = column_mean[static_cast<size_t>(column)];
        const float scale = std::log2((row_mean + .1F) * (by_column + .1F) / (overall + .1F));
        const float guess = .5F * scale + .5F * std::log2(four + .5F);
        const int set = std::clamp(static_cast<int>(guess * 2) + 16, 0, SETS - 1);
        const int contexts[MODELS] = {
            static_cast<int>(scale * 4) + 128, static_cast<int>(guess * 4) + 128,
            octaves(four, 3) * 64 + std::clamp(static_cast<int>(scale * 1.5F) + 32, 0, 63),
            octaves(eight, 3) * 64 + std::clamp(static_cast<int>(scale * 2) + 32, 0, 63),
            octaves(n1, 2) * 24 + octaves(n2, 2), octaves(r1, 2) * 24 + octaves(r2, 2),
            octaves(row_mean, 3) * 64 + octaves(by_column, 3), static_cast<int>(column % row) & 1023,
            std::min(octaves(r1 + near, 2), 23) * 32 + std::min(octaves(n1 + n2, 2), 31)};
        const int magnitude = std::abs(levels[i]), in_one = unions[i];
        for (int b = 0; b <= magnitude; ++b) {
            if (b == DECISIONS) {
                bits += 2 * std::floor(std::log2(magnitude - b + 1.0)) + 1;
                break;
            }
            const float bit = magnitude > b ? 1 : 0;
            float *w = &weights[(static_cast<size_t>(b * 2 + in_one) * SETS + static_cast<size_t>(set)) * MODELS];
            float inputs[MODELS], sum = 0;
            Cell *used[MODELS];
            for (int m = 0; m < MODELS; ++m) {
                const uint32_t hash = static_cast<uint32_t>(contexts[m] * 2 * DECISIONS + b * 2 + in_one) & (CELLS - 1);
                used[m] = &cells[static_cast<size_t>(m) * CELLS + hash];
                inputs[m] = stretch(std::clamp(used[m]->p, .0005F, .9995F));
                sum += w[m] * inputs[m];
            }
            const float p = std::clamp(squash(sum), .0005F, .9995F);
            bits -= std::log2(bit > 0 ? p : 1 - p);
            for (int m = 0; m < MODELS; ++m) {
                w[m] += (bit - p) * .02F * inputs[m];
                used[m]->p += (bit - used[m]->p) * std::max(1 / (static_cast<float>(used[m]->seen) + 1.6F), .001F);
                if (used[m]->seen < 60000) ++used[m]->seen;
            }
        }
        bits += magnitude ? 1 : 0;
        const float now = std::fabs(static_cast<float>(points[i]));
        row_mean += (now - row_mean) / (static_cast<float>(column) / 2 + 8);
        float &mean = column_mean[static_cast<size_t>(column)];
        mean += (now - mean) / (static_cast<float>(i / columns) / 2 + 4);
        overall += (now - overall) / 4096;
    }
    return bits;
}
