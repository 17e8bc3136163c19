#include "container/index_reader.h"

#include <string.h>

namespace frc {
namespace {

constexpr Status WRONG_COLUMN = {Code::BAD_RECORD, "A column of the index has the wrong type or length."};
constexpr Status OUT_OF_RANGE = {Code::BAD_RECORD, "A field of a tensor's record is out of range."};

}  // namespace

Status IndexReader::read(Bytes value, int32_t *entry) {
    *entry = -1;
    Values columns(value);
    FRC_TRY(read_features(&columns));
    FRC_TRY(read_names(&columns));
    FRC_TRY(read_types(&columns));
    FRC_TRY(read_shapes(&columns));
    FRC_TRY(open_columns(&columns));
    FRC_TRY(count_own_streams());
    for (uint32_t i = 0; i < count_; ++i) {
        *entry = static_cast<int32_t>(i);
        FRC_TRY(read_entry(&entries_[i]));
    }
    *entry = -1;
    if (kept_.left() || views_.left()) return WRONG_COLUMN;
    FRC_TRY(index_.place_streams(sizes_, digests_, stored_, &pool_));
    for (uint32_t i = 0; i < count_; ++i) {
        *entry = static_cast<int32_t>(i);
        if (entries_[i].coding == Coding::VIEW) FRC_TRY(check_view(entries_[i]));
    }
    *entry = -1;
    return index_.names.build(entries_, count_, &pool_);
}

/// The number of columns, and the feature bits in the first.
Status IndexReader::read_features(Values *columns) const {
    constexpr uint64_t COLUMNS = 14;
    uint64_t column_count, features = 0;
    if (!columns->array(&column_count) || column_count == 0) return WRONG_COLUMN;
    const bool negative = columns->negative();
    if (!negative && !columns->integer(&features)) return WRONG_COLUMN;
    if (negative || features & ~uint64_t{KNOWN_FEATURES}) {
        return {Code::UNKNOWN_FEATURE, "The file uses features that this version does not know. Use a newer frcodec."};
    }
    return column_count == COLUMNS ? Status{} : WRONG_COLUMN;
}

/// Names are one string, each terminated by U+0000.
Status IndexReader::read_names(Values *columns) {
    Bytes names;
    if (!columns->text(&names)) return {Code::BAD_NAME, "The names in the index are not a UTF-8 string."};
    if (names.size && names.data[names.size - 1]) {
        return {Code::BAD_NAME, "The last name in the index is not terminated."};
    }
    uint64_t count = 0;
    for (size_t i = 0; i < names.size; ++i) count += names.data[i] == 0;
    if (count > MAX_ENTRIES) return {Code::TOO_LARGE, "The index lists too many entries."};
    count_ = static_cast<uint32_t>(count);
    entries_ = pool_.take<Entry>(count);
    if (!entries_) return NO_MEMORY;
    const char *name = reinterpret_cast<const char *>(names.data);
    for (uint32_t i = 0; i < count_; ++i) {
        const size_t length = strlen(name);
        if (length > MAX_NAME_BYTES) return {Code::BAD_NAME, "The name of a tensor is too long."};
        entries_[i] = {};
        entries_[i].name = name;
        name += length + 1;
    }
    index_.entry_count = count_;
    index_.entries = entries_;
    return {};
}

/// The columns of dtypes, codings and ranks.
Status IndexReader::read_types(Values *columns) {
    Bytes dtypes, codings, ranks;
    Bytes *const targets[] = {&dtypes, &codings, &ranks};
    for (Bytes *column : targets) {
        if (!columns->binary(column) || column->size != count_) return WRONG_COLUMN;
    }
    for (uint32_t i = 0; i < count_; ++i) {
        const uint8_t dtype = dtypes.data[i], coding = codings.data[i], rank = ranks.data[i];
        if (rank > MAX_RANK) return {Code::BAD_RECORD, "A tensor has too many dimensions."};
        if (coding > CODING_VIEW) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown coding."};
        if (dtype >= sizeof DTYPE_BYTES) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown dtype."};
        entries_[i].dtype = static_cast<DType>(dtype);
        entries_[i].coding = static_cast<Coding>(coding);
        entries_[i].rank = rank;
        levels_ += entries_[i].coding == Coding::LEVELS;
        stored_ += entries_[i].coding != Coding::VIEW;
        index_.lengths += rank;
    }
    return {};
}

/// The lengths of axis 0 of all entries, then those of axis 1, and so on.
Status IndexReader::read_shapes(Values *columns) {
    Numbers lengths;
    if (!lengths.open(columns) || lengths.count() != index_.lengths) return WRONG_COLUMN;
    int64_t *shapes = pool_.take<int64_t>(index_.lengths);
    if (!shapes) return NO_MEMORY;
    int64_t *shape = shapes;
    for (uint32_t i = 0; i < count_; shape += entries_[i++].rank) entries_[i].shape = shape;
    for (int axis = 0; axis < MAX_RANK; ++axis) {
        for (uint32_t i = 0; i < count_; ++i) {
            if (entries_[i].rank <= axis) continue;
            shapes[entries_[i].shape - shapes + axis] = static_cast<int64_t>(lengths.next());
        }
    }
    for (uint32_t i = 0; i < count_; ++i) {
        if (padded_size(entries_[i].rank, entries_[i].shape) < 0) {
            return {Code::BAD_RECORD, "A tensor has more than 2^53 elements."};
        }
    }
    index_.shapes = shapes;
    return {};
}

Status IndexReader::open_columns(Values *columns) {
    if (!axes_.open(columns) || axes_.count() != levels_) return WRONG_COLUMN;
    if (!columns->binary(&regions_) || regions_.size != levels_) return WRONG_COLUMN;
    if (!kept_.open(columns)) return WRONG_COLUMN;
    if (!columns->binary(&steps_) || steps_.size != 2ull * levels_) return WRONG_COLUMN;
    if (!assigned_.open(columns) || assigned_.count() != stored_) return WRONG_COLUMN;
    if (!sizes_.open(columns)) return WRONG_COLUMN;
    if (!columns->binary(&digests_) || digests_.size != 4 * sizes_.count()) return WRONG_COLUMN;
    return views_.open(columns) ? Status{} : WRONG_COLUMN;
}

/// Streams of one entry come first, then the shared ones. Every stream must have an entry.
Status IndexReader::count_own_streams() {
    Numbers assigned = assigned_;
    uint64_t shared = 0;
    while (assigned.left()) {
        const uint64_t number = assigned.next();
        own_streams_ += number == 0;
        if (number > shared) shared = number;
    }
    const uint64_t count = sizes_.count();
    if (count > stored_ || shared > count || own_streams_ + shared != count) {
        return {Code::BAD_RECORD, "The index has another number of streams than its entries."};
    }
    return {};
}

Status IndexReader::read_entry(Entry *entry) {
    if (entry->coding == Coding::VIEW) return read_view(entry);
    if (entry->coding == Coding::LEVELS) FRC_TRY(read_levels(entry));
    const auto shared = static_cast<uint32_t>(assigned_.next());
    entry->stream = shared ? own_streams_ + shared - 1 : own_read_++;
    return {};
}

/// The next `count` numbers of a column; nullptr if there is no memory.
int64_t *IndexReader::take(Numbers *column, uint64_t count) {
    int64_t *numbers = pool_.take<int64_t>(count);
    for (uint64_t i = 0; numbers && i < count; ++i) numbers[i] = static_cast<int64_t>(column->next());
    return numbers;
}

/// Step codes are 16 bits: a column of all high bytes, then all low bytes.
Status IndexReader::read_levels(Entry *entry) {
    const uint64_t code = axes_.next(), block = code >> entry->rank;
    const int region = regions_.data[levels_read_];
    entry->step = static_cast<uint16_t>(steps_.data[levels_read_] << 8 | steps_.data[levels_ + levels_read_]);
    ++levels_read_;
    if (region > REGION_SCAN) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown region."};
    entry->region = static_cast<Region>(region);
    FRC_TRY(read_region(entry));
    if (block > MAX_BLOCK_LOG2) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown transform."};
    entry->axes = static_cast<uint32_t>(code & ((uint64_t{1} << entry->rank) - 1));
    entry->block_log2 = static_cast<uint8_t>(block);
    return check_transform(*entry);
}

Status IndexReader::check_transform(const Entry &entry) const {
    if (entry.block_log2 && !entry.axes) return OUT_OF_RANGE;
    for (int axis = 0; axis < entry.rank; ++axis) {
        const bool fits = entry.shape[axis] >= 1 && (entry.block_log2 || entry.shape[axis] <= MAX_TRANSFORM_LENGTH);
        if ((entry.axes >> axis & 1) && !fits) return OUT_OF_RANGE;
    }
    const bool integer = entry.dtype == DType::INT8 || entry.dtype == DType::UINT8;
    if (entry.dtype > DType::UINT8 || (integer && entry.axes)) return OUT_OF_RANGE;
    return entry.step > (integer ? 255 : MAX_STEP_CODE) ? OUT_OF_RANGE : Status{};
}

Status IndexReader::read_region(Entry *entry) {
    if (entry->region == Region::WHOLE) return {};
    const uint64_t count = entry->region == Region::BOX ? entry->rank : 1;
    if (kept_.left() < count) return WRONG_COLUMN;
    entry->kept = take(&kept_, count);
    if (!entry->kept) return NO_MEMORY;
    if (entry->region == Region::SCAN)
        return entry->kept[0] > product(entry->rank, entry->shape) ? OUT_OF_RANGE : Status{};
    bool smaller = false;
    for (int axis = 0; axis < entry->rank; ++axis) {
        if (entry->kept[axis] > entry->shape[axis]) return OUT_OF_RANGE;
        smaller |= entry->kept[axis] < entry->shape[axis];
    }
    return smaller ? Status{} : Status{Code::BAD_RECORD, "A tensor keeps a box that is not smaller than itself."};
}

Status IndexReader::read_view(Entry *entry) {
    if (!*entry->name) return {Code::BAD_NAME, "A view has no name."};
    if (views_.left() < 2u + entry->rank) return WRONG_COLUMN;
    const uint64_t target = views_.next();
    entry->target = target < count_ ? static_cast<uint32_t>(target) : count_;
    entry->offset = static_cast<int64_t>(views_.next());
    entry->strides = take(&views_, entry->rank);
    return entry->strides ? Status{} : NO_MEMORY;
}

Status IndexReader::check_view(const Entry &view) const {
    constexpr Status BAD = {Code::BAD_VIEW,
                            "A view leaves its tensor, or does not refer to a stored tensor of its type."};
    if (view.target >= count_) return BAD;
    const Entry &target = entries_[view.target];
    if (target.coding == Coding::VIEW || target.dtype != view.dtype) return BAD;
    if (product(view.rank, view.shape) == 0) return {};
    const int64_t size = product(target.rank, target.shape);
    int64_t last = view.offset;
    for (int axis = 0; axis < view.rank; ++axis) {
        const int64_t steps = view.shape[axis] - 1, stride = view.strides[axis];
        if (stride && steps > size / stride) return BAD;
        last += steps * stride;
        if (last >= size) return BAD;
    }
    return last < size ? Status{} : BAD;
}

}  // namespace frc
