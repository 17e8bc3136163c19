#include "stages/transform_part.h"

#include "stages/kernels.h"
#include "stages/scatter.h"

namespace frc {
namespace {

constexpr size_t PANEL = 16;               // pairs of basis rows that are computed at once
constexpr size_t GROUP = size_t{1} << 15;  // numbers per group of columns, about
constexpr size_t MIN_COLUMNS = 64;         // amortizes the computation of basis rows
constexpr size_t MAX_COLUMNS = 480;        // keeps the results of a panel in the cache

size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/// Columns per group: an odd multiple of 16, as rows at a stride of a power of two would compete for the same cache
/// sets.
size_t group_columns(const TransformedAxis &axis) {
    return (larger(MIN_COLUMNS, smaller(MAX_COLUMNS, GROUP / axis.kept)) / 16 | 1) * 16;
}

}  // namespace

TransformPart::TransformPart(const Cell &cell, size_t part, const TransformTask &task) : cell_(cell), task_(task) {
    const TransformedAxis &first = axis(0);
    const FreeAxis &along = cell.free_[cell.along_];
    pair_ = part % cell.pair_parts_ * cell.pairs_;
    part /= cell.pair_parts_;
    pairs_ = smaller(cell.pairs_, first.pairs() - pair_);
    rows_ = 2 * pairs_ - (2 * (pair_ + pairs_) > first.length());
    const size_t start = part % cell.width_parts_ * cell.width_;
    part /= cell.width_parts_;
    width_ = smaller(cell.width_, along.count - start);
    size_t point = cell.point_offset_ + start * along.point_stride;
    element_ = cell.element_offset_ + start * along.element_stride + pair_ * first.element_stride;
    for (int i = cell.free_count_ - 1; i >= 0; --i) {
        if (i == cell.along_) continue;
        point += part % cell.free_[i].count * cell.free_[i].point_stride;
        element_ += part % cell.free_[i].count * cell.free_[i].element_stride;
        part /= cell.free_[i].count;
    }
    points_ = task.points + point;
    set_walks();
}

/// Sets the walks over the columns of the first and the last axis.
void TransformPart::set_walks() {
    const int count = cell_.axis_count_;
    const FreeAxis &along = cell_.free_[cell_.along_];
    for (int i = 1; i < count; ++i) columns_in_.add({axis(i).kept, axis(i).point_stride});
    columns_in_.add({width_, along.point_stride});
    if (count == 1) {
        columns_out_.add({width_, along.element_stride});
        return;
    }
    // The tile before the last axis is [rows, N2 … N(m-1), Km, width]. The columns are sorted by descending stride of
    // their elements.
    WalkAxis outs[MAX_RANK + 1], tiles[MAX_RANK + 1];
    int sorted = 0;
    const auto insert = [&](const WalkAxis &out, const WalkAxis &tile) {
        int at = sorted++;
        for (; at > 0 && outs[at - 1].stride < out.stride; --at) outs[at] = outs[at - 1], tiles[at] = tiles[at - 1];
        outs[at] = out, tiles[at] = tile;
    };
    size_t stride = width_;
    insert({width_, along.element_stride}, {width_, 1});
    transposed_.add({last().kept, stride});
    stride *= last().kept;
    for (int i = count - 2; i > 0; --i) {
        insert({axis(i).length(), axis(i).element_stride}, {axis(i).length(), stride});
        stride *= axis(i).length();
    }
    // rows of the pairs, a gap, then the mirrored rows
    insert({rows_, axis(0).element_stride, pairs_, axis(0).length() - 2 * pair_ - rows_}, {rows_, stride});
    for (int i = 0; i < sorted; ++i) columns_out_.add(outs[i]), transposed_.add(tiles[i]);
}

/// Sizes of the scratch arrays.
struct TransformPart::Sizes {
    size_t panel = 0, columns, in, out, tile = 0;

    explicit Sizes(const Cell &cell) {
        const TransformedAxis &first = cell.axes_[0], &last = cell.axes_[cell.axis_count_ - 1];
        for (int i = 0; i < cell.axis_count_; ++i) panel = larger(panel, PANEL * cell.axes_[i].kept);
        columns = larger(group_columns(first), group_columns(last));
        in = group_columns(first) * first.kept;
        out = 2 * PANEL * group_columns(last);
        if (cell.axis_count_ > 1) tile = cell.intermediate_size() / first.length() * 2 * cell.pairs_ * cell.width_;
    }
};

size_t TransformPart::scratch_bytes(const Cell &cell) {
    const Sizes sizes(cell);
    return 2 * Arena::bytes<double>(sizes.panel) + 2 * Arena::bytes<double>(sizes.columns) +
           Arena::bytes<double>(sizes.in) + 2 * Arena::bytes<double>(sizes.out) + 2 * Arena::bytes<double>(sizes.tile) +
           Arena::SLACK;
}

bool TransformPart::allocate(Arena scratch) {
    static_assert(sizeof(size_t) <= sizeof(double), "arrays of offsets have the size of arrays of numbers");
    const Sizes sizes(cell_);
    even_ = scratch.take<double>(sizes.panel);
    odd_ = scratch.take<double>(sizes.panel);
    offsets_ = scratch.take<size_t>(sizes.columns);
    scales_ = scratch.take<double>(sizes.columns);
    in_ = scratch.take<double>(sizes.in);
    out_ = scratch.take<double>(sizes.out);
    rounded_ = scratch.take<double>(sizes.out);
    tile_ = scratch.take<double>(sizes.tile);
    next_tile_ = scratch.take<double>(sizes.tile);
    return next_tile_ != nullptr;
}

Status TransformPart::run(Arena scratch) {
    if (!allocate(scratch)) return {Code::TOO_LARGE, "The scratch memory of a transform is too small."};
    bool finite = true;
    const size_t columns = columns_out_.size(), group = group_columns(last());
    if (cell_.axis_count_ > 1) {
        first_axis();
        for (int i = 1; i + 1 < cell_.axis_count_; ++i) middle_axis(i);
        transpose_last_axis();
    }
    for (size_t column = 0; column < columns; column += group) {
        const size_t count = smaller(group, columns - column);
        if (cell_.axis_count_ == 1) {
            load(column, count);
            finite &= last_axis(in_, count, column, count);
        } else {
            finite &= last_axis(tile_ + column, columns, column, count);
        }
    }
    if (!finite) return {Code::BAD_VALUE, "A decoded weight is not finite in its element type."};
    return {};
}

/// Loads X = point · 2^F of a group of columns of the first axis into `in_`, [kept, columns].
void TransformPart::load(size_t column, size_t columns) {
    const bool dense = columns_in_.offsets(column, columns, offsets_);
    const double unit = static_cast<double>(int64_t{1} << task_.fraction);
    const size_t stride = axis(0).point_stride;
    if (dense) {
        for (size_t k = 0; k < axis(0).kept; ++k) {
            const int32_t *line = points_ + offsets_[0] + k * stride;
            for (size_t c = 0; c < columns; ++c) in_[k * columns + c] = line[c] * unit;
        }
    } else {
        in_strips(columns, axis(0).kept,
                  [=](size_t c, size_t k) { in_[k * columns + c] = points_[offsets_[c] + k * stride] * unit; });
    }
}

/// Computes the rows of some pairs n, N-1-n, for every repeat of x.
void TransformPart::multiply(const TransformedAxis &axis, size_t pair, size_t pairs, size_t rows, const double *x,
                             Block from, double *y, size_t y_stride) {
    for (size_t done = 0; done < pairs; done += PANEL) {
        const size_t count = smaller(PANEL, pairs - done);
        axis.basis.rows(pair + done, count, axis.kept, even_, odd_);
        for (size_t i = 0; i < from.repeats; ++i) {
            double *top = y + i * rows * y_stride;
            kernels().matmul({even_, odd_, count, axis.kept, x + i * axis.kept * from.stride, from.stride, from.columns,
                              top + done * y_stride, top + (rows - 1 - done) * y_stride, y_stride});
        }
    }
}

void TransformPart::first_axis() {
    const size_t columns = columns_in_.size(), group = group_columns(axis(0));
    for (size_t column = 0; column < columns; column += group) {
        const size_t count = smaller(group, columns - column);
        load(column, count);
        multiply(axis(0), pair_, pairs_, rows_, in_, {1, count, count}, tile_ + column, columns);
    }
}

void TransformPart::middle_axis(int i) {
    size_t before = rows_, after = width_;
    for (int j = 1; j < i; ++j) before *= axis(j).length();
    for (int j = i + 1; j < cell_.axis_count_; ++j) after *= axis(j).kept;
    multiply(axis(i), 0, axis(i).pairs(), axis(i).length(), tile_, {before, after, after}, next_tile_, after);
    swap_tiles();
}

void TransformPart::transpose_last_axis() {
    const size_t size = transposed_.size(), group = group_columns(last());
    for (size_t done = 0; done < size; done += group) {
        const size_t count = smaller(group, size - done);
        transposed_.offsets(done, count, offsets_);
        for (size_t i = 0; i < count; ++i) next_tile_[done + i] = tile_[offsets_[i]];
    }
    swap_tiles();
}

/// Transforms a group of columns along the last axis, from x [kept, columns] to elements. Returns whether all are
/// finite.
bool TransformPart::last_axis(const double *x, size_t x_stride, size_t column, size_t columns) {
    const size_t length = last().length();
    const bool dense = columns_out_.offsets(column, columns, offsets_);
    if (task_.row_scales) gather_scales(columns);
    bool finite = true;
    for (size_t pair = 0; pair < last().pairs(); pair += PANEL) {
        const size_t pairs = smaller(PANEL, last().pairs() - pair);
        const size_t rows = 2 * pairs - (2 * (pair + pairs) > length);
        multiply(last(), pair, pairs, rows, x, {1, columns, x_stride}, out_, columns);
        if (task_.row_scales) apply_scales(rows, columns);
        finite &= write_rows(pair, 0, pairs, columns, dense);
        finite &= write_rows(length - pair - rows + pairs, pairs, rows - pairs, columns, dense);
    }
    return finite;
}

/// The row scale of each column.
void TransformPart::gather_scales(size_t columns) {
    for (size_t c = 0; c < columns; ++c) scales_[c] = task_.row_scales[(element_ + offsets_[c]) / task_.row_elements];
}

void TransformPart::apply_scales(size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; ++row) {
        for (size_t c = 0; c < columns; ++c) out_[row * columns + c] *= scales_[c];
    }
}

/// Writes the rows from … from + rows - 1 of `out_` as rows row … of the last axis. Returns whether all are finite.
bool TransformPart::write_rows(size_t row, size_t from, size_t rows, size_t columns, bool dense) {
    const size_t size = DTYPE_BYTES[static_cast<size_t>(task_.dtype)], stride = last().element_stride;
    const double *values = out_ + from * columns;
    uint8_t *elements = static_cast<uint8_t *>(task_.elements) + (element_ + row * stride) * size;
    if (dense) {
        bool finite = true;
        for (size_t i = 0; i < rows; ++i) {
            finite &= kernels().to_elements(values + i * columns, columns, task_.scale, task_.dtype,
                                            elements + (offsets_[0] + i * stride) * size);
        }
        return finite;
    }
    const bool finite = kernels().to_elements(values, rows * columns, task_.scale, task_.dtype, rounded_);
    if (size == 2) scatter<uint16_t>(rounded_, rows, columns, elements, offsets_, stride);
    if (size == 4) scatter<uint32_t>(rounded_, rows, columns, elements, offsets_, stride);
    if (size == 8) scatter<uint64_t>(rounded_, rows, columns, elements, offsets_, stride);
    return finite;
}

}  // namespace frc
