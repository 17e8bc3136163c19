// One part of a transform at work.

#pragma once

#include "stages/transform.h"
#include "stages/walk.h"

namespace frc {

/// A range of positions on one free axis, one position on each other one; and a range of rows of the first axis.
///
/// With one transformed axis, groups of columns go from points to elements one after the other. With more:
///
///     first axis       points [K1, K2 … Km, width]         -> tile [rows, K2 … Km, width]
///     axes between     tile [rows, … Ki, … Km, width]      -> tile [rows, … Ni, … Km, width]
///     last axis        tile [Km, the rest as in memory]    -> elements
class TransformPart {
  public:
    TransformPart(const Cell &cell, size_t part, const TransformTask &task);

    static size_t scratch_bytes(const Cell &cell);

    Status run(Arena scratch);

  private:
    /// Numbers [repeats, rows, columns] with rows `stride` apart; where there are repeats, they follow each other.
    struct Block {
        size_t repeats, columns, stride;
    };
    struct Sizes;

    const TransformedAxis &axis(int i) const { return cell_.axes_[i]; }
    const TransformedAxis &last() const { return cell_.axes_[cell_.axis_count_ - 1]; }

    void place_columns();
    bool take(Arena scratch);
    void swap_tiles() {
        double *full = next_tile_;
        next_tile_ = tile_;
        tile_ = full;
    }

    void load(size_t column, size_t columns);
    void multiply(const TransformedAxis &axis, size_t pair, size_t pairs, size_t rows, const double *x, Block from,
                  double *y, size_t y_stride);
    void first_axis();
    void axis_between(int i);
    void last_to_front();
    void find_scales(size_t columns);
    void scale(size_t rows, size_t columns);
    bool emit(size_t row, size_t from, size_t rows, size_t columns, bool dense);
    bool last_axis(const double *x, size_t x_stride, size_t column, size_t columns);

    const Cell &cell_;
    const TransformTask &task_;
    const int32_t *points_;
    size_t element_;  // offset of the part's first element
    size_t width_;    // positions on the free axis
    size_t pair_;     // first pair of rows of the first axis
    size_t pairs_;    // number of pairs
    size_t rows_;     // number of rows: twice as many, or one less

    Walk columns_in_;   // points of one row of the first axis
    Walk columns_out_;  // elements of one row of the last axis
    Walk front_;        // the last axis' input in the order of `columns_out_`, in a tile

    double *even_, *odd_;  // basis rows
    double *in_;           // [kept, columns] of the first axis
    double *out_;          // [rows of a panel, columns] of the last axis
    void *rounded_;        // the same as elements
    size_t *offsets_;      // of columns
    double *scales_;       // of columns
    double *tile_, *next_tile_;
};

}  // namespace frc
