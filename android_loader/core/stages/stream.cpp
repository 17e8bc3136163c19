#include "stages/stream.h"

#include "stages/kernels.h"
#include "stages/layer_record.h"

namespace frc {
namespace {

constexpr Status ENDS_EARLY = {Code::BAD_STREAM, "A stream ends inside its header, or a number in it is out of range."};
constexpr Status TOO_SHORT = {Code::BAD_STREAM, "A level stream is shorter than its header says, or its size is odd."};

}  // namespace

Status Stream::start(Bytes bytes, const LevelShape &shape) {
    bytes_ = bytes;
    shape_ = shape;
    const int64_t size = padded_size(shape.rank, shape.lengths);
    if (size < 0 || size > MAX_POSITIONS) return {Code::TOO_LARGE, "A stream has too many levels."};
    count_ = 1;
    for (int i = 0; i < shape.rank; ++i) count_ *= shape.lengths[i];
    segments_ = static_cast<size_t>((count_ + SEGMENT_LEVELS - 1) / SEGMENT_LEVELS);
    return read(nullptr);
}

Status Stream::attach(Arena memory) { return read(&memory); }

/// Reads the header. Without memory, only checks it and computes the memory it needs.
Status Stream::read(Arena *memory) {
    BitReader bits(bytes_);
    const uint64_t lanes_log2 = bits.gamma(), state_bits = bits.gamma();
    if (lanes_log2 > MAX_LANES_LOG2) return {Code::BAD_STREAM, "A stream has too many lanes."};
    if (state_bits && (state_bits < MIN_TRELLIS || state_bits > MAX_TRELLIS)) {
        return {Code::BAD_STREAM, "A stream has a trellis of an unknown size."};
    }
    lanes_ = size_t{1} << lanes_log2;
    subsets_ = state_bits ? 2 : 1;
    h0_ = state_bits ? TRELLIS_H0[state_bits - MIN_TRELLIS] >> 1 : 0;
    h1_ = state_bits ? TRELLIS_H1[state_bits - MIN_TRELLIS] >> 1 : 0;
    FRC_TRY(contexts_.read(&bits));
    FRC_TRY(read_row_steps(&bits, memory));
    FRC_TRY(contexts_.read_classes(&bits, shape_, memory));
    for (int i = 0; i < contexts_.contexts; ++i)
        tables_[i] = Table::read(&bits, i ? &tables_[i - 1] : nullptr, subsets_);
    if (memory) make_tables(memory);
    FRC_TRY(find_segments(&bits, memory));
    const auto rows = static_cast<size_t>(subsets_ * contexts_.contexts);
    memory_bytes_ = Arena::bytes<int8_t>(rows_with_steps_) + contexts_.memory_bytes() +
                    Arena::bytes<uint8_t>(rows * SLOTS) + Arena::bytes<PackedSymbol>(rows * MAX_SYMBOLS) +
                    2 * Arena::bytes<uint8_t>(rows) + Arena::bytes<uint64_t>(segments_) + Arena::SLACK;
    return {};
}

Status Stream::read_row_steps(BitReader *bits, Arena *memory) {
    rows_with_steps_ = 0;
    if (bits->unary(1) == 0) return {};
    if (shape_.rank == 0) return {Code::BAD_STREAM, "A stream has row steps but no rows."};
    rows_with_steps_ = static_cast<size_t>(shape_.lengths[0]);
    if (memory) row_steps_ = memory->take<int8_t>(rows_with_steps_);
    for (size_t row = 0; row < rows_with_steps_; ++row) {
        const int64_t value = BitReader::unfold(bits->unary(255));
        if (bits->failed()) return ENDS_EARLY;
        if (memory) row_steps_[row] = static_cast<int8_t>(value);
    }
    return {};
}

/// Reads the sizes of the segments, the last fields of the header, and checks the size of the body.
Status Stream::find_segments(BitReader *bits, Arena *memory) {
    if (memory) ends_ = memory->take<uint64_t>(segments_);
    uint64_t end = 0;
    for (size_t segment = 0; segment < segments_; ++segment) {
        const uint64_t words = segment + 1 < segments_ ? bits->gamma() : 0;  // the last segment takes the rest
        if (bits->failed()) return ENDS_EARLY;
        end += 4 * lanes_ + 2 * words;
        if (memory) ends_[segment] = end;
    }
    if (bits->failed()) return ENDS_EARLY;
    if (!bits->padded()) return {Code::RESERVED_BITS, "The padding of a stream header is not zero."};
    body_ = {bytes_.data + bits->bytes_read(), bytes_.size - bits->bytes_read()};
    if (end > body_.size || (body_.size - end) % 2) return TOO_SHORT;
    if (!segments_ && body_.size) return {Code::BAD_STREAM, "A stream without levels has bytes after its header."};
    if (memory && segments_) ends_[segments_ - 1] = body_.size;
    return {};
}

void Stream::make_tables(Arena *memory) {
    const auto rows = static_cast<size_t>(subsets_ * contexts_.contexts);
    slots_ = memory->take<uint8_t>(rows * SLOTS);
    symbols_ = memory->take<PackedSymbol>(rows * MAX_SYMBOLS);
    reach_ = memory->take<uint8_t>(rows);
    uint8_t *shift = memory->take<uint8_t>(rows);
    shift_ = nullptr;
    for (size_t row = 0; row < rows; ++row) {
        const auto contexts = static_cast<size_t>(contexts_.contexts);
        const Table &table = tables_[row % contexts];
        reach_[row] = static_cast<uint8_t>(
            table.fill(static_cast<int>(row / contexts), slots_ + row * SLOTS, symbols_ + row * MAX_SYMBOLS));
        shift[row] = static_cast<uint8_t>(table.shift());
        if (shift[row]) shift_ = shift;
    }
}

size_t Stream::size(size_t segment) const {
    return segment + 1 < segments_ ? SEGMENT : static_cast<size_t>(count_) - segment * SEGMENT;
}

size_t Stream::lane_length(size_t segment) const { return frc::lane_length(lanes_, size(segment)); }

size_t Stream::scratch_bytes() const {
    const size_t stride = lane_stride(lanes_), levels = segments_ ? size(0) : 0;
    const size_t rows = magnitude_rows(static_cast<size_t>(contexts_.row_length), lanes_, levels);
    return 7 * Arena::bytes<uint32_t>(stride) + Arena::bytes<int32_t>(LANE_STRIP * stride) +
           Arena::bytes<int16_t>(lanes_ * WINDOW_STRIDE) + Arena::bytes<int16_t>(LANE_STRIP * stride) +
           Arena::bytes<uint16_t>(rows * stride) + Arena::SLACK;
}

Status Stream::decode(size_t segment, int32_t *points, size_t point_stride, Arena scratch) const {
    const auto begin = static_cast<size_t>(segment ? ends_[segment - 1] : 0), words = begin + 4 * lanes_;
    const size_t stride = lane_stride(lanes_), levels = size(segment);
    const auto row_length = static_cast<size_t>(contexts_.row_length);
    LaneTask task = {};
    task.states = {body_.data + begin, 4 * lanes_};
    task.words = {body_.data + words, static_cast<size_t>(ends_[segment]) - words};
    task.lanes = lanes_;
    task.count = levels;
    task.points = points;
    task.point_stride = point_stride;
    task.slots = slots_;
    task.symbols = symbols_;
    task.reach = reach_;
    task.shift = shift_;
    task.h0 = h0_;
    task.h1 = h1_;
    task.contexts = contexts_.contexts;
    task.wn = contexts_.wn;
    task.base = contexts_.base;
    task.row_length = row_length;
    task.lane_states = scratch.take<uint32_t>(stride);
    task.trellis = scratch.take<uint32_t>(stride);
    task.rows = scratch.take<uint32_t>(stride);
    task.scratch = scratch.take<uint32_t>(4 * stride);
    task.levels = scratch.take<int32_t>(LANE_STRIP * stride);
    task.window = scratch.take<int16_t>(lanes_ * WINDOW_STRIDE);
    task.terms = scratch.take<int16_t>(LANE_STRIP * stride);
    task.magnitudes = scratch.take<uint16_t>(magnitude_rows(row_length, lanes_, levels) * stride);
    if (!task.magnitudes) return {Code::TOO_LARGE, "The scratch memory of a level stream is too small."};
    task.classes = contexts_.has_classes() ? &contexts_ : nullptr;
    task.first = static_cast<int64_t>(segment * SEGMENT);
    return kernels().decode_lanes(task);
}

}  // namespace frc
