// Register blocking: the sums E and O of four rows and two vectors of columns stay in registers.

#include <math.h>

#include "base/constants.h"
#include "stages/kernels.h"

namespace frc {
namespace FRC_TARGET {
namespace {

#if defined(__AVX512F__)
constexpr size_t VECTOR = 8;  // columns of one vector
#elif defined(__AVX__)
constexpr size_t VECTOR = 4;
#else
constexpr size_t VECTOR = 2;
#endif
constexpr size_t WIDTH = 2;
constexpr size_t BLOCK = WIDTH * VECTOR;

/// Vector extension of GCC and Clang.
typedef double Vector __attribute__((vector_size(VECTOR * sizeof(double))));

inline Vector load(const double *at) {
    Vector vector;
    memcpy(&vector, at, sizeof vector);
    return vector;
}

inline double rounded(double sum) {
    constexpr double HALF = 1 << (BASIS_BITS - 1), UNIT = 1.0 / (1 << BASIS_BITS);
    return floor((sum + HALF) * UNIT);
}

/// sums[r] += Σ_k basis[r · basis_stride + k] · x[k · x_stride], for k < terms.
template <size_t ROWS>
inline __attribute__((always_inline)) void accumulate(const double *basis, size_t basis_stride, const double *x,
                                                      size_t x_stride, size_t terms, Vector (&sums)[ROWS][WIDTH]) {
    for (size_t k = 0; k < terms; ++k, x += x_stride) {
        const Vector left = load(x), right = load(x + VECTOR);
        for (size_t row = 0; row < ROWS; ++row) {
            const double factor = basis[row * basis_stride + k];
            sums[row][0] += factor * left;
            sums[row][1] += factor * right;
        }
    }
}

inline void round_into(double *y, const Vector (&sums)[WIDTH]) {
    double plain[BLOCK];
    memcpy(plain, sums, sizeof plain);
    for (size_t c = 0; c < BLOCK; ++c) y[c] = rounded(plain[c]);
}

/// ROWS row pairs from `first` on, BLOCK columns from `column` on.
template <size_t ROWS>
inline __attribute__((always_inline)) void multiply_block(const MatmulTask &p, size_t first, size_t column) {
    const size_t evens = (p.kept + 1) / 2, odds = p.kept / 2;
    const double *x = p.x + column;
    Vector even[ROWS][WIDTH] = {}, odd[ROWS][WIDTH] = {};
    accumulate<ROWS>(p.even + first * evens, evens, x, 2 * p.x_stride, evens, even);
    accumulate<ROWS>(p.odd + first * odds, odds, x + p.x_stride, 2 * p.x_stride, odds, odd);
    for (size_t row = 0; row < ROWS; ++row) {
        double *y = p.y + (first + row) * p.y_stride + column;
        double *mirrored = p.mirrored - (first + row) * p.y_stride + column;
        const Vector difference[WIDTH] = {even[row][0] - odd[row][0], even[row][1] - odd[row][1]};
        const Vector sum[WIDTH] = {even[row][0] + odd[row][0], even[row][1] + odd[row][1]};
        round_into(mirrored, difference);
        round_into(y, sum);
    }
}

/// The last columns, fewer than BLOCK.
void multiply_rest(const MatmulTask &p, size_t column) {
    const size_t evens = (p.kept + 1) / 2, odds = p.kept / 2;
    for (size_t row = 0; row < p.pairs; ++row) {
        for (size_t c = column; c < p.columns; ++c) {
            double even = 0, odd = 0;
            for (size_t k = 0; k < evens; ++k) even += p.even[row * evens + k] * p.x[2 * k * p.x_stride + c];
            for (size_t k = 0; k < odds; ++k) odd += p.odd[row * odds + k] * p.x[(2 * k + 1) * p.x_stride + c];
            *(p.mirrored - row * p.y_stride + c) = rounded(even - odd);
            p.y[row * p.y_stride + c] = rounded(even + odd);
        }
    }
}

}  // namespace

void matmul(const MatmulTask &p) {
    size_t column = 0;
    for (; column + BLOCK <= p.columns; column += BLOCK) {
        size_t row = 0;
        for (; row + 4 <= p.pairs; row += 4) multiply_block<4>(p, row, column);
        for (; row < p.pairs; ++row) multiply_block<1>(p, row, column);
    }
    if (column < p.columns) multiply_rest(p, column);
}

}  // namespace FRC_TARGET
}  // namespace frc
