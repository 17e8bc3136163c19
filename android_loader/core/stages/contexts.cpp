#include "stages/contexts.h"

namespace frc {
namespace {

constexpr int64_t MAX_BASE = 65536;
constexpr int16_t LIMIT = MAX_CLASS_SUM;
constexpr int64_t MAX_MERGED = 4096;  // positions of merged axes; merging keeps inner loops long

}  // namespace

Status ContextModel::read(BitReader *bits) {
    const uint64_t row = bits->gamma() + 1, count = bits->gamma() + 1;
    wp = static_cast<int>(bits->field(CONTEXT_WEIGHT_BITS));
    wn = static_cast<int>(bits->field(CONTEXT_WEIGHT_BITS));
    const int64_t offset = BitReader::unfold(bits->gamma());
    if (row > MAX_ROW_LENGTH || count > MAX_CONTEXTS || offset > MAX_BASE || offset < -MAX_BASE) {
        return {Code::BAD_STREAM, "A row length, a number of contexts or a base in a stream header is out of range."};
    }
    row_length = static_cast<int>(row);
    contexts = static_cast<int>(count);
    base = static_cast<int>(offset);
    return {};
}

Status ContextModel::read_classes(BitReader *bits, const LevelShape &shape, Arena *memory) {
    memory_bytes_ = 0;
    has_classes_ = false;
    axis_count_ = 0;
    if (wp == 0) return {};
    for (int i = 0; i < shape.rank; ++i) {
        Axis &axis = axes_[axis_count_++];
        axis = {shape.lengths[i], nullptr};
        FRC_TRY(read_axis(bits, memory, &axis));
    }
    if (has_classes_) merge_last_axes(memory);
    return {};
}

Status ContextModel::read_axis(BitReader *bits, Arena *memory, Axis *axis) {
    const uint32_t fineness = bits->unary(2);
    if (bits->failed())
        return {Code::BAD_STREAM, "A stream ends inside its classes, or has an unknown kind of classes."};
    if (fineness == 0) return {};
    has_classes_ = true;
    const auto length = static_cast<size_t>(axis->length);
    if (memory) axis->classes = memory->take<int16_t>(length);
    for (size_t i = 0; i < length; ++i) {
        const int64_t value = BitReader::unfold(bits->unary(255));
        if (bits->failed()) return {Code::BAD_STREAM, "A stream ends inside its classes, or one is out of range."};
        if (memory) axis->classes[i] = static_cast<int16_t>(fineness == 1 ? 2 * value : value);
    }
    memory_bytes_ += Arena::bytes<int16_t>(length);
    return {};
}

/// Merges the last axes into one, whose classes are the sums of theirs.
void ContextModel::merge_last_axes(Arena *memory) {
    int from = axis_count_ - 1;
    int64_t length = axes_[from].length;
    while (from > 0 && length * axes_[from - 1].length <= MAX_MERGED) length *= axes_[--from].length;
    if (from == axis_count_ - 1 || length == 0) return;
    memory_bytes_ += Arena::bytes<int16_t>(static_cast<size_t>(length));
    if (!memory) return;
    auto *sums = memory->take<int16_t>(static_cast<size_t>(length));
    for (int64_t position = 0; position < length; ++position) {
        int64_t rest = position;
        int sum = 0;
        for (int i = axis_count_ - 1; i >= from; --i) {
            if (axes_[i].classes) sum += axes_[i].classes[rest % axes_[i].length];
            rest /= axes_[i].length;
        }
        sums[position] = static_cast<int16_t>(sum);
    }
    axes_[from] = {length, sums};
    axis_count_ = from + 1;
}

void ContextModel::class_terms(int64_t first, size_t count, int16_t *terms) const {
    const Axis &last = axes_[axis_count_ - 1];
    while (count) {
        int64_t rest = first / last.length;
        int sum = 0;
        for (int i = axis_count_ - 2; i >= 0; --i) {
            if (axes_[i].classes) sum += axes_[i].classes[rest % axes_[i].length];
            rest /= axes_[i].length;
        }
        const int64_t start = first % last.length;
        const auto left = static_cast<size_t>(last.length - start);
        const size_t run = left < count ? left : count;
        const int16_t *classes = last.classes ? last.classes + start : nullptr;
        const auto base_sum = static_cast<int16_t>(sum), weight = static_cast<int16_t>(wp);
        for (size_t i = 0; i < run; ++i) {
            const auto p = static_cast<int16_t>(base_sum + (classes ? classes[i] : 0));
            const int16_t capped = p > LIMIT ? LIMIT : p < -LIMIT ? static_cast<int16_t>(-LIMIT) : p;
            terms[i] = static_cast<int16_t>(weight * capped);
        }
        first += static_cast<int64_t>(run);
        terms += run;
        count -= run;
    }
}

}  // namespace frc
