// Computation of one part of a transform.

#pragma once

#include "stages/transform.h"
#include "stages/walk.h"

namespace frc {

/// A part is a range of positions on one free axis, a single position on the others, and a range of row pairs of the
/// first transformed axis.
///
/// With one transformed axis, each group of columns goes directly from points to elements. With m axes:
///
///     first axis       points [K1, K2 … Km, width]         -> tile [rows, K2 … Km, width]
///     middle axes      tile [rows, … Ki, … Km, width]      -> tile [rows, … Ni, … Km, width]
///     last axis        tile [Km, the rest as in memory]    -> elements
class TransformPart {
  public:
    TransformPart(const Cell &cell, size_t part, const TransformTask &task);

    static size_t scratch_bytes(const Cell &cell);

    Status run(Arena scratch);

  private:
    /// A matrix stack [repeats, rows, columns] with rows `stride` apart.
    struct Block {
        size_t repeats, columns, stride;
    };
    struct Sizes;

    const TransformedAxis &axis(int i) const { return cell_.axes_[i]; }
    const TransformedAxis &last() const { return cell_.axes_[cell_.axis_count_ - 1]; }

    void set_walks();
    bool allocate(Arena scratch);
    void swap_tiles() {
        double *full = next_tile_;
        next_tile_ = tile_;
        tile_ = full;
    }

    void load(size_t column, size_t columns);
    void multiply(const TransformedAxis &axis, size_t pair, size_t pairs, size_t rows, const double *x, Block from,
                  double *y, size_t y_stride);
    void first_axis();
    void middle_axis(int i);
    void transpose_last_axis();
    void gather_scales(size_t columns);
    void apply_scales(size_t rows, size_t columns);
    bool write_rows(size_t row, size_t from, size_t rows, size_t columns, bool dense);
    bool last_axis(const double *x, size_t x_stride, size_t column, size_t columns);

    const Cell &cell_;
    const TransformTask &task_;
    const int32_t *points_;
    size_t element_;  // offset of the part's first element
    size_t width_;    // positions on the free axis
    size_t pair_;     // first pair of rows of the first axis
    size_t pairs_;    // number of pairs
    size_t rows_;     // number of rows: 2 · pairs_, or one less with the middle row

    Walk columns_in_;   // points of one row of the first axis
    Walk columns_out_;  // elements of one row of the last axis
    Walk transposed_;   // the tile before the last axis, in the order [kept, columns_out_]

    double *even_, *odd_;  // basis rows
    double *in_;           // [kept, columns] of the first axis
    double *out_;          // [rows of a panel, columns] of the last axis
    void *rounded_;        // `out_` rounded to elements
    size_t *offsets_;      // of the columns of a group
    double *scales_;       // of the columns of a group
    double *tile_, *next_tile_;
};

}  // namespace frc
