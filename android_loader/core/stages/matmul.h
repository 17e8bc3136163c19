// The product of the inverse transform: rows of the integer basis times columns, rounded (spec section 10, step 3).

#pragma once

#include <stddef.h>

namespace frc {

/// y(n) = ⌊(Σ_k B(n, k) · x(k) + 2^21) / 2^22⌋ for pairs n, N-1-n of rows, as B(N-1-n, k) = (-1)^k B(n, k).
///
/// Numbers are integers in doubles, all sums exact (below 2^53). Row n of the result is
/// E(n) + O(n), row N-1-n is E(n) - O(n), with E and O the sums over even and odd k.
struct Product {
    const double *even;  ///< [pairs, ⌈kept / 2⌉] B(n, 0), B(n, 2), …
    const double *odd;   ///< [pairs, ⌊kept / 2⌋] B(n, 1), B(n, 3), …
    size_t pairs;
    size_t kept;

    const double *x;  ///< [kept, columns], rows `x_stride` apart
    size_t x_stride;
    size_t columns;

    double *y;         ///< row n of the result: y + n · y_stride, n = 0 … pairs - 1
    double *mirrored;  ///< row N-1-n of the result: mirrored - n · y_stride; the same row as n where 2n = N-1
    size_t y_stride;
};

}  // namespace frc
