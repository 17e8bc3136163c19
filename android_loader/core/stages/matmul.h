// The matrix product of the inverse transform: integer basis times coefficients, rounded (spec section 10, step 3).

#pragma once

#include <stddef.h>

namespace frc {

/// y(n) = ⌊(Σ_k B(n, k) · x(k) + 2^21) / 2^22⌋, computed for the row pairs n, N-1-n.
///
/// All numbers are integers in doubles and all sums are exact (below 2^53). As B(N-1-n, k) = (-1)^k B(n, k), row n is
/// E(n) + O(n) and row N-1-n is E(n) - O(n) before rounding, where E and O are the sums over even and odd k.
struct MatmulTask {
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
