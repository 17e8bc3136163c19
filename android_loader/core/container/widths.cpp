#include "container/widths.h"

#include <math.h>
#include <string.h>

namespace frc {
namespace {

constexpr Status WRONG = {Code::BAD_WIDTHS,
                          "The list of widths is not an array of its six columns, or a column is too short."};
constexpr Status AXES = {Code::BAD_WIDTHS, "The list of widths has channel axes that do not fit their tensors."};
constexpr Status VALIDATED = {Code::BAD_WIDTHS, "The list of widths has an impossible or a repeated width."};

int group_of(int code) { return (code - 1) >> 1; }
bool is_input(int code) { return (code - 1) & 1; }

int64_t common_divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/// Resizes a view that merges axes of its target. `from` and `target` are the shapes of the view and its target at full
/// width, `resized` is the shape of the target at another; `lengths`, which may be null, receives that of the view.
/// Returns false if the view does not merge axes.
bool merge(int rank, const int64_t *from, int target_rank, const int64_t *target, const int64_t *resized,
           int64_t *lengths) {
    int end = 0;
    for (int axis = 0; axis < rank; ++axis) {
        const int start = end;
        int64_t product = 1, now = 1;
        for (; end < target_rank && (end == start || product != from[axis] || axis == rank - 1); ++end) {
            product *= target[end];
            now *= resized[end];
        }
        if (product != from[axis]) return false;
        if (lengths) lengths[axis] = now;
    }
    return end == target_rank;
}

bool contiguous(const Entry &view) {
    int64_t stride = 1;
    if (view.offset) return false;
    for (int axis = view.rank - 1; axis >= 0; --axis) {
        if (view.strides[axis] != stride) return false;
        stride *= view.shape[axis];
    }
    return true;
}

}  // namespace

Status Widths::read(Bytes payload, const Index &index, Pool *pool) {
    Bytes value, differences, text, scores, checksums;
    FRC_TRY(unpack(payload, MAX_WIDTHS_BYTES, pool, &value));
    Values values(value);
    Numbers lengths, multiply_adds;
    uint64_t elements;
    if (!values.array(&elements) || elements != 6 || !values.binary(&differences) || !values.text(&text) ||
        !lengths.open(&values) || !values.text(&scores) || !multiply_adds.open(&values) || !values.binary(&checksums)) {
        return WRONG;
    }
    label = c_string(text, pool);
    if (!label) return NO_MEMORY;
    FRC_TRY(read_axes(differences, index, pool));
    return read_validated(lengths, scores, multiply_adds, checksums, index, pool);
}

Status Widths::read_axes(Bytes differences, const Index &index, Pool *pool) {
    uint8_t *codes = pool->take<uint8_t>(index.lengths);
    if (!codes) return NO_MEMORY;
    memset(codes, 0, static_cast<size_t>(index.lengths));
    codes_ = codes;
    size_t used = 0;
    uint8_t code = 0;
    for (int axis = 0; axis < MAX_RANK; ++axis) {
        for (uint32_t i = 0; i < index.entry_count; ++i) {
            const Entry &entry = index.entries[i];
            if (entry.coding != Coding::LEVELS || entry.rank <= axis) continue;
            if (used == differences.size) return WRONG;
            code = static_cast<uint8_t>(code + differences.data[used++]);
            codes[entry.shape - index.shapes + axis] = code;
        }
    }
    if (used != differences.size) return WRONG;
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        if (!channels_fit(index, index.entries[i])) return AXES;
    }
    for (size_t group = 0; group < groups; ++group) {
        if (full[group] == 0) return AXES;
    }
    return groups ? Status{} : AXES;
}

/// Checks the channel axes of an entry. The length of a group is the greatest common divisor of its axes. Views of
/// entries with channel axes must merge axes of their whole target.
bool Widths::channels_fit(const Index &index, const Entry &entry) {
    if (entry.coding == Coding::VIEW) {
        const Entry &target = index.entries[entry.target];
        bool channels = false;
        for (int axis = 0; axis < target.rank; ++axis) channels |= code(index, target, axis) != 0;
        return !channels ||
               (contiguous(entry) && merge(entry.rank, entry.shape, target.rank, target.shape, target.shape, nullptr));
    }
    int channels = 0;
    for (int axis = 0; axis < entry.rank; ++axis) {
        const int code = this->code(index, entry, axis);
        if (code == 0) continue;
        if (++channels > MAX_CHANNEL_AXES || !(entry.axes >> axis & 1) || entry.block_log2) return false;
        const auto group = static_cast<size_t>(group_of(code));
        if (group >= MAX_GROUPS) return false;
        if (group >= groups) groups = group + 1;
        full[group] = common_divisor(entry.shape[axis], full[group]);
    }
    return true;
}

Status Widths::read_validated(Numbers lengths, Bytes scores, Numbers multiply_adds, Bytes checksums, const Index &index,
                              Pool *pool) {
    if (scores.size && scores.data[scores.size - 1]) return WRONG;
    size_t texts = 0;
    for (size_t i = 0; i < scores.size; ++i) texts += scores.data[i] == 0;
    if (lengths.count() != texts * groups || multiply_adds.count() != texts || checksums.size != 4 * texts)
        return WRONG;
    if (texts > MAX_WIDTHS) return {Code::BAD_WIDTHS, "The list of widths is too long."};
    int64_t *all = pool->take<int64_t>(lengths.count());
    if (!all) return NO_MEMORY;
    const char *score = reinterpret_cast<const char *>(scores.data);
    for (; count < texts; ++count, all += groups) {
        for (size_t group = 0; group < groups; ++group) all[group] = static_cast<int64_t>(lengths.next());
        if (!possible(index, all, groups) || find(all) >= 0) return VALIDATED;
        validated[count] = {all, score, multiply_adds.next(), load_u32(checksums.data + 4 * count)};
        score += strlen(score) + 1;
    }
    return {};
}

int Widths::find(const int64_t *lengths) const {
    for (size_t i = 0; i < count; ++i) {
        if (memcmp(validated[i].lengths, lengths, groups * sizeof *lengths) == 0) return static_cast<int>(i);
    }
    return -1;
}

/// Length of an axis at a width. An axis may repeat the channels of its group.
int64_t Widths::length(const Index &index, const Entry &entry, int axis, const int64_t *lengths) const {
    const int code = this->code(index, entry, axis), group = group_of(code);
    return code ? entry.shape[axis] / full[group] * lengths[group] : entry.shape[axis];
}

bool Widths::possible(const Index &index, const int64_t *lengths, size_t length_count) const {
    if (length_count != groups) return false;
    for (size_t group = 0; group < groups; ++group) {
        if (lengths[group] < 1 || lengths[group] > MAX_TRANSFORM_LENGTH) return false;
    }
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const Entry &entry = index.entries[i];
        if (entry.coding != Coding::LEVELS) continue;
        int64_t shape[MAX_RANK];
        for (int axis = 0; axis < entry.rank; ++axis) {
            shape[axis] = length(index, entry, axis, lengths);
            if (code(index, entry, axis) && shape[axis] > MAX_TRANSFORM_LENGTH) return false;
        }
        if (padded_size(entry.rank, shape) < 0) return false;
    }
    return true;
}

/// √(p / q): p is the product of the output lengths at this width and the input lengths at full width, q that of the
/// others.
double Widths::gain(const Index &index, const Entry &entry, const int64_t *lengths) const {
    double p = 1, q = 1;  // below 2^53, so exact
    for (int axis = 0; axis < entry.rank; ++axis) {
        const int code = this->code(index, entry, axis), group = group_of(code);
        if (code == 0) continue;
        const auto now = static_cast<double>(lengths[group]), before = static_cast<double>(full[group]);
        p *= is_input(code) ? before : now;
        q *= is_input(code) ? now : before;
    }
    return sqrt(p / q);
}

void Widths::shape_stored(const Index &index, const Entry &entry, const int64_t *lengths, int64_t *next,
                          Shape *shape) const {
    *shape = {next, 0, 1, false};
    for (int axis = 0; axis < entry.rank; ++axis) {
        next[axis] = length(index, entry, axis, lengths);
        shape->resized |= next[axis] != entry.shape[axis];
    }
    if (shape->resized) shape->gain = gain(index, entry, lengths);
    shape->bytes = decoded_bytes(entry.rank, next, entry.dtype);
}

Status Widths::shape(const Index &index, const int64_t *lengths, Pool *pool, Shape *shapes) const {
    int64_t *all = pool->take<int64_t>(index.lengths);
    if (!all) return NO_MEMORY;
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const Entry &entry = index.entries[i];
        if (entry.coding == Coding::VIEW) continue;
        shape_stored(index, entry, lengths, all + (entry.shape - index.shapes), &shapes[i]);
    }
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const Entry &entry = index.entries[i];
        if (entry.coding != Coding::VIEW) continue;
        int64_t *next = all + (entry.shape - index.shapes);
        memcpy(next, entry.shape, entry.rank * sizeof *next);
        const Entry &target = index.entries[entry.target];
        const Shape &now = shapes[entry.target];
        if (now.resized) merge(entry.rank, entry.shape, target.rank, target.shape, now.lengths, next);
        shapes[i] = {next, decoded_bytes(entry.rank, next, entry.dtype), 1, now.resized};
    }
    return {};
}

}  // namespace frc
