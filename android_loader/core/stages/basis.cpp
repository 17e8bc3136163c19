#include "stages/basis.h"

#include <math.h>

#include "base/constants.h"

namespace frc {

void Basis::fill(double *table) {
    constexpr double PI = 3.14159265358979323846, UNIT = 1 << BASIS_BITS;
    const auto n = static_cast<double>(length_);
    const double scale = UNIT * sqrt(2 / n), angle = PI / (2 * n);
    constant_ = floor(UNIT * sqrt(1 / n) + 0.5);
    for (size_t m = 0; m < length_; ++m) table[m] = floor(scale * cos(static_cast<double>(m) * angle) + 0.5);
    table[length_] = 0;
    cosines_ = table;
}

void Basis::rows(size_t n, size_t pairs, size_t kept, double *even, double *odd) const {
    for (size_t pair = 0; pair < pairs; ++pair) {
        half_row(n + pair, 0, kept, even + pair * ((kept + 1) / 2));
        half_row(n + pair, 1, kept, odd + pair * (kept / 2));
    }
}

/// Columns first_k, first_k + 2, … of row n. The angle k(2n+1) · π/2N is periodic: the circle has 4N units of π/2N.
void Basis::half_row(size_t n, size_t first_k, size_t kept, double *row) const {
    const size_t circle = 4 * length_, step = 2 * (2 * n + 1) % circle;
    size_t m = first_k * (2 * n + 1) % circle;
    for (size_t k = first_k; k < kept; k += 2) {
        const size_t upper = m <= circle / 2 ? m : circle - m;  // cos(2π - x) = cos x
        *row++ = upper <= length_ ? cosines_[upper] : -cosines_[2 * length_ - upper];
        m += step;
        if (m >= circle) m -= circle;
    }
    if (first_k == 0 && kept) row[-static_cast<ptrdiff_t>((kept + 1) / 2)] = constant_;
}

}  // namespace frc
