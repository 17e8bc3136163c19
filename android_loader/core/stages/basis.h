// The integer basis of the exact DCT (spec section 10).
//
//     B(n, 0) = ⌊2^22 · √(1/N) + ½⌋
//     B(n, k) = ⌊2^22 · √(2/N) · cos(π k (2n + 1) / 2N) + ½⌋        k > 0

#pragma once

#include <stddef.h>

namespace frc {

/// The basis of one length, 1 … MAX_TRANSFORM_LENGTH, computed from a table of cosines in memory from the caller.
class Basis {
  public:
    /// Size of the table.
    static size_t table_size(size_t length) { return length + 1; }

    Basis() = default;
    explicit Basis(size_t length) : length_(length) {}

    /// Computes the table, [table_size(length)]. Must precede `rows`.
    void fill(double *table);

    size_t length() const { return length_; }

    /// Rows n … n + pairs - 1 of the first half, columns k < kept: those of even k to `even` [pairs, ⌈kept/2⌉], those
    /// of odd k to `odd` [pairs, ⌊kept/2⌋]. The second half follows from B(N-1-n, k) = (-1)^k · B(n, k).
    void rows(size_t n, size_t pairs, size_t kept, double *even, double *odd) const;

  private:
    void half_row(size_t n, size_t first_k, size_t kept, double *row) const;

    size_t length_ = 0;
    double constant_ = 0;              // B(n, 0)
    const double *cosines_ = nullptr;  // ⌊2^22 · √(2/N) · cos(π m / 2N) + ½⌋ for m = 0 … N
};

}  // namespace frc
