#include "stages/transform_part.h"

#include <string.h>

#include "stages/kernels.h"

namespace frc {
namespace {

constexpr size_t PANEL = 16;               // pairs of basis rows that are made at once
constexpr size_t GROUP = size_t{1} << 15;  // numbers of a group of columns, about
constexpr size_t MIN_COLUMNS = 64;         // so that making basis rows costs little beside using them
constexpr size_t MAX_COLUMNS = 480;        // so that a panel's results stay close

size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/// Columns that are worked on at once along an axis: an odd multiple of 16, as rows whose distance is a power of two
/// get into each other's way in the cache.
size_t group_columns(const TransformedAxis &axis) {
    return (larger(MIN_COLUMNS, smaller(MAX_COLUMNS, GROUP / axis.kept)) / 16 | 1) * 16;
}

/// Calls each(row, column) in strips, so that neither rows nor columns that are far apart leave the cache too soon.
template <typename Each>
void in_strips(size_t rows, size_t columns, Each each) {
    constexpr size_t STRIP = 16;
    for (size_t first = 0; first < rows; first += STRIP) {
        const size_t end = smaller(first + STRIP, rows);
        for (size_t column = 0; column < columns; ++column) {
            for (size_t row = first; row < end; ++row) each(row, column);
        }
    }
}

/// Copies of a length that is mostly small: pieces of eight, the last of which may overlap the one before.
template <typename T>
inline void copy_run(const T *from, size_t count, T *to) {
    constexpr size_t PIECE = 8;
    if (count < PIECE) {
        for (size_t i = 0; i < count; ++i) to[i] = from[i];
        return;
    }
    for (size_t i = 0; i + PIECE < count; i += PIECE) memcpy(to + i, from + i, PIECE * sizeof(T));
    memcpy(to + count - PIECE, from + count - PIECE, PIECE * sizeof(T));
}

/// elements[offsets[c] + row · stride] = block[row][c], in runs of consecutive offsets.
template <typename T>
void scatter(const void *from, size_t rows, size_t columns, void *to, const size_t *offsets, size_t stride) {
    for (size_t c = 0, end; c < columns; c = end) {
        for (end = c + 1; end < columns && offsets[end] == offsets[end - 1] + 1;) ++end;
        const T *source = static_cast<const T *>(from) + c;
        T *target = static_cast<T *>(to) + offsets[c];
        if (end == c + 1) {
            for (size_t row = 0; row < rows; ++row) target[row * stride] = source[row * columns];
            continue;
        }
        for (size_t row = 0; row < rows; ++row) copy_run(source + row * columns, end - c, target + row * stride);
    }
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
    place_columns();
}

/// Fixes what the columns of the first and the last axis are.
void TransformPart::place_columns() {
    const int count = cell_.axis_count_;
    const FreeAxis &along = cell_.free_[cell_.along_];
    for (int i = 1; i < count; ++i) columns_in_.add({axis(i).kept, axis(i).point_stride});
    columns_in_.add({width_, along.point_stride});
    if (count == 1) {
        columns_out_.add({width_, along.element_stride});
        return;
    }
    // Tile of the last axis: [rows, N of the axes between, K of the last one, width]. Longer steps in memory go first.
    WalkAxis outs[MAX_RANK + 1], tiles[MAX_RANK + 1];
    int sorted = 0;
    const auto insert = [&](const WalkAxis &out, const WalkAxis &tile) {
        int at = sorted++;
        for (; at > 0 && outs[at - 1].stride < out.stride; --at) outs[at] = outs[at - 1], tiles[at] = tiles[at - 1];
        outs[at] = out, tiles[at] = tile;
    };
    size_t stride = width_;
    insert({width_, along.element_stride}, {width_, 1});
    front_.add({last().kept, stride});
    stride *= last().kept;
    for (int i = count - 2; i > 0; --i) {
        insert({axis(i).length(), axis(i).element_stride}, {axis(i).length(), stride});
        stride *= axis(i).length();
    }
    // the rows are those of the pairs and, behind a gap, their mirror images
    insert({rows_, axis(0).element_stride, pairs_, axis(0).length() - 2 * pair_ - rows_}, {rows_, stride});
    for (int i = 0; i < sorted; ++i) columns_out_.add(outs[i]), front_.add(tiles[i]);
}

/// Sizes of the pieces of scratch.
struct TransformPart::Sizes {
    size_t panel = 0, columns, in, out, tile = 0;

    explicit Sizes(const Cell &cell) {
        const TransformedAxis &first = cell.axes_[0], &last = cell.axes_[cell.axis_count_ - 1];
        for (int i = 0; i < cell.axis_count_; ++i) panel = larger(panel, PANEL * cell.axes_[i].kept);
        columns = larger(group_columns(first), group_columns(last));
        in = group_columns(first) * first.kept;
        out = 2 * PANEL * group_columns(last);
        if (cell.axis_count_ > 1) tile = cell.between() / first.length() * 2 * cell.pairs_ * cell.width_;
    }
};

size_t TransformPart::scratch_bytes(const Cell &cell) {
    const Sizes sizes(cell);
    return 2 * Arena::bytes<double>(sizes.panel) + 2 * Arena::bytes<double>(sizes.columns) +
           Arena::bytes<double>(sizes.in) + 2 * Arena::bytes<double>(sizes.out) + 2 * Arena::bytes<double>(sizes.tile) +
           Arena::SLACK;
}

bool TransformPart::take(Arena scratch) {
    static_assert(sizeof(size_t) <= sizeof(double), "offsets take as much as numbers");
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
    if (!take(scratch)) return {Code::TOO_LARGE, "The scratch memory of a transform is too small."};
    bool finite = true;
    const size_t columns = columns_out_.size(), group = group_columns(last());
    if (cell_.axis_count_ > 1) {
        first_axis();
        for (int i = 1; i + 1 < cell_.axis_count_; ++i) axis_between(i);
        last_to_front();
    }
    for (size_t column = 0; column < columns; column += group) {
        const size_t some = smaller(group, columns - column);
        if (cell_.axis_count_ == 1) {
            load(column, some);
            finite &= last_axis(in_, some, column, some);
        } else {
            finite &= last_axis(tile_ + column, columns, column, some);
        }
    }
    if (!finite) return {Code::BAD_VALUE, "A decoded weight does not fit into its element type."};
    return {};
}

/// X = point · 2^F of some columns of the first axis.
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

/// Rows y(n) of these pairs n, N-1-n, for every repeat of x.
void TransformPart::multiply(const TransformedAxis &axis, size_t pair, size_t pairs, size_t rows, const double *x,
                             Block from, double *y, size_t y_stride) {
    for (size_t done = 0; done < pairs; done += PANEL) {
        const size_t some = smaller(PANEL, pairs - done);
        axis.basis.rows(pair + done, some, axis.kept, even_, odd_);
        for (size_t i = 0; i < from.repeats; ++i) {
            double *top = y + i * rows * y_stride;
            kernels().multiply({even_, odd_, some, axis.kept, x + i * axis.kept * from.stride, from.stride,
                                from.columns, top + done * y_stride, top + (rows - 1 - done) * y_stride, y_stride});
        }
    }
}

void TransformPart::first_axis() {
    const size_t columns = columns_in_.size(), group = group_columns(axis(0));
    for (size_t column = 0; column < columns; column += group) {
        const size_t some = smaller(group, columns - column);
        load(column, some);
        multiply(axis(0), pair_, pairs_, rows_, in_, {1, some, some}, tile_ + column, columns);
    }
}

void TransformPart::axis_between(int i) {
    size_t before = rows_, after = width_;
    for (int j = 1; j < i; ++j) before *= axis(j).length();
    for (int j = i + 1; j < cell_.axis_count_; ++j) after *= axis(j).kept;
    multiply(axis(i), 0, axis(i).pairs(), axis(i).length(), tile_, {before, after, after}, next_tile_, after);
    swap_tiles();
}

void TransformPart::last_to_front() {
    const size_t size = front_.size(), group = group_columns(last());
    for (size_t done = 0; done < size; done += group) {
        const size_t some = smaller(group, size - done);
        front_.offsets(done, some, offsets_);
        for (size_t i = 0; i < some; ++i) next_tile_[done + i] = tile_[offsets_[i]];
    }
    swap_tiles();
}

/// Elements of some columns from [kept, columns] numbers. False where one is not finite.
bool TransformPart::last_axis(const double *x, size_t x_stride, size_t column, size_t columns) {
    const size_t length = last().length();
    const bool dense = columns_out_.offsets(column, columns, offsets_);
    if (task_.row_scales) find_scales(columns);
    bool finite = true;
    for (size_t pair = 0; pair < last().pairs(); pair += PANEL) {
        const size_t pairs = smaller(PANEL, last().pairs() - pair);
        const size_t rows = 2 * pairs - (2 * (pair + pairs) > length);
        multiply(last(), pair, pairs, rows, x, {1, columns, x_stride}, out_, columns);
        if (task_.row_scales) scale(rows, columns);
        finite &= emit(pair, 0, pairs, columns, dense);
        finite &= emit(length - pair - rows + pairs, pairs, rows - pairs, columns, dense);
    }
    return finite;
}

/// The scales of the rows that the columns of the last axis belong to.
void TransformPart::find_scales(size_t columns) {
    for (size_t c = 0; c < columns; ++c) scales_[c] = task_.row_scales[(element_ + offsets_[c]) / task_.row_elements];
}

void TransformPart::scale(size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; ++row) {
        for (size_t c = 0; c < columns; ++c) out_[row * columns + c] *= scales_[c];
    }
}

/// Writes `rows` rows of the last axis, from `row` on, found in `out_` from row `from` on. False where an element is
/// not finite.
bool TransformPart::emit(size_t row, size_t from, size_t rows, size_t columns, bool dense) {
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
