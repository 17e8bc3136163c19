#include "container/index.h"

#include <string.h>

namespace frc {
namespace {

constexpr Status WRONG_KIND = {Code::BAD_RECORD, "A column of the index is not of its kind or its length."};
constexpr Status FIELD = {Code::BAD_RECORD, "A field of a tensor's record is out of its range."};

/// Shorter names before longer ones that start with them.
int compare(const char *name, size_t length, const char *other) {
    const size_t other_length = strlen(other);
    const int difference = memcmp(name, other, length < other_length ? length : other_length);
    return difference ? difference : length < other_length ? -1 : length > other_length;
}

}  // namespace

uint64_t decoded_bytes(int rank, const int64_t *shape, DType dtype) {
    return static_cast<uint64_t>(product(rank, shape)) * DTYPE_BYTES[static_cast<size_t>(dtype)];
}

int64_t Index::find(const char *name, size_t length) const {
    size_t low = 0, high = name_count_;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = compare(name, length, entries[names_[middle]].name);
        if (order == 0) return names_[middle];
        (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
    }
    return -1;
}

/// The columns of the index, consumed entry by entry.
class IndexReader {
  public:
    IndexReader(Index *index, Pool *pool) : index_(*index), pool_(*pool) {}

    Status read(Bytes value, int32_t *entry);

  private:
    Status read_names(Values *columns);
    Status read_bytes_of_entries(Values *columns);
    Status read_shapes(Values *columns);
    Status read_columns(Values *columns);
    Status count_streams();
    Status read_levels(Entry *entry);
    Status check_transform(const Entry &entry) const;
    Status read_kept(Entry *entry);
    Status read_view(Entry *entry);
    Status place_streams();
    Status check_view(const Entry &entry) const;
    Status sort_names();
    bool before(uint32_t a, uint32_t b) const { return strcmp(entries_[a].name, entries_[b].name) < 0; }
    void sift(uint32_t root, uint32_t count);
    int64_t *numbers_of(Numbers *column, uint64_t count);

    Index &index_;
    Pool &pool_;
    uint32_t count_ = 0, coded_ = 0, stored_ = 0, own_ = 0;
    Entry *entries_ = nullptr;
    const uint8_t *dtypes_ = nullptr, *codings_ = nullptr, *ranks_ = nullptr;
    Numbers axes_, kept_, assigned_, sizes_, views_;
    Bytes regions_ = {}, steps_ = {}, digests_ = {};
    uint32_t coded_seen_ = 0, own_seen_ = 0;
};

Status Index::read(Bytes payload, Pool *pool, int32_t *entry) {
    Bytes value;
    FRC_TRY(unpack(payload, MAX_INDEX_BYTES, pool, &value));
    return IndexReader(this, pool).read(value, entry);
}

Status IndexReader::read(Bytes value, int32_t *entry) {
    constexpr uint64_t COLUMNS = 14;
    Values columns(value);
    uint64_t column_count, features = 0;
    if (!columns.array(&column_count) || column_count == 0) return WRONG_KIND;
    const bool negative = columns.negative();
    if (!negative && !columns.integer(&features)) return WRONG_KIND;
    if (negative || features & ~uint64_t{KNOWN_FEATURES}) {
        return {Code::UNKNOWN_FEATURE, "The file uses features that this version does not know. Use a newer frcodec."};
    }
    if (column_count != COLUMNS) return WRONG_KIND;
    FRC_TRY(read_names(&columns));
    FRC_TRY(read_bytes_of_entries(&columns));
    FRC_TRY(read_shapes(&columns));
    FRC_TRY(read_columns(&columns));
    FRC_TRY(count_streams());
    for (uint32_t i = 0; i < count_; ++i) {
        *entry = static_cast<int32_t>(i);
        if (entries_[i].coding == Coding::LEVELS) FRC_TRY(read_levels(&entries_[i]));
        if (entries_[i].coding == Coding::VIEW) FRC_TRY(read_view(&entries_[i]));
        if (entries_[i].coding == Coding::VIEW) continue;
        const auto number = static_cast<uint32_t>(assigned_.next());
        entries_[i].stream = number ? own_ + number - 1 : own_seen_++;
    }
    *entry = -1;
    if (kept_.left() || views_.left()) return WRONG_KIND;
    FRC_TRY(place_streams());
    for (uint32_t i = 0; i < count_; ++i) {
        *entry = static_cast<int32_t>(i);
        if (entries_[i].coding == Coding::VIEW) FRC_TRY(check_view(entries_[i]));
    }
    *entry = -1;
    return sort_names();
}

/// Names lie in the value one after the other, each ended as C likes it.
Status IndexReader::read_names(Values *columns) {
    Bytes names;
    if (!columns->text(&names)) return {Code::BAD_NAME, "The names in the index are no UTF-8 string."};
    if (names.size && names.data[names.size - 1]) {
        return {Code::BAD_NAME, "The last name in the index is not ended."};
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

Status IndexReader::read_bytes_of_entries(Values *columns) {
    const uint8_t **targets[] = {&dtypes_, &codings_, &ranks_};
    for (const uint8_t **target : targets) {
        Bytes bytes;
        if (!columns->binary(&bytes) || bytes.size != count_) return WRONG_KIND;
        *target = bytes.data;
    }
    for (uint32_t i = 0; i < count_; ++i) {
        if (ranks_[i] > MAX_RANK) return {Code::BAD_RECORD, "A tensor has too many dimensions."};
        if (codings_[i] > CODING_VIEW) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown coding."};
        if (dtypes_[i] >= sizeof DTYPE_BYTES) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown dtype."};
        entries_[i].dtype = static_cast<DType>(dtypes_[i]);
        entries_[i].coding = static_cast<Coding>(codings_[i]);
        entries_[i].rank = ranks_[i];
        coded_ += codings_[i] == CODING_LEVELS;
        stored_ += codings_[i] != CODING_VIEW;
        index_.lengths += ranks_[i];
    }
    return {};
}

Status IndexReader::read_shapes(Values *columns) {
    Numbers dims;
    if (!dims.open(columns) || dims.count() != index_.lengths) return WRONG_KIND;
    int64_t *shapes = pool_.take<int64_t>(index_.lengths);
    if (!shapes) return NO_MEMORY;
    int64_t *shape = shapes;
    for (uint32_t i = 0; i < count_; shape += ranks_[i++]) entries_[i].shape = shape;
    for (int axis = 0; axis < MAX_RANK; ++axis) {
        for (uint32_t i = 0; i < count_; ++i) {
            if (ranks_[i] > axis) shapes[entries_[i].shape - shapes + axis] = static_cast<int64_t>(dims.next());
        }
    }
    for (uint32_t i = 0; i < count_; ++i) {
        if (padded_size(ranks_[i], entries_[i].shape) < 0) {
            return {Code::BAD_RECORD, "A tensor has more than 2^53 elements."};
        }
    }
    index_.shapes = shapes;
    return {};
}

Status IndexReader::read_columns(Values *columns) {
    const bool right = axes_.open(columns) && axes_.count() == coded_ &&            //
                       columns->binary(&regions_) && regions_.size == coded_ &&     //
                       kept_.open(columns) &&                                       //
                       columns->binary(&steps_) && steps_.size == 2ull * coded_ &&  //
                       assigned_.open(columns) && assigned_.count() == stored_ &&   //
                       sizes_.open(columns) &&                                      //
                       columns->binary(&digests_) && digests_.size == 4 * sizes_.count() && views_.open(columns);
    return right ? Status{} : WRONG_KIND;
}

/// The next `count` numbers of a column that has as many; nullptr where memory ends.
int64_t *IndexReader::numbers_of(Numbers *column, uint64_t count) {
    int64_t *numbers = pool_.take<int64_t>(count);
    for (uint64_t i = 0; numbers && i < count; ++i) numbers[i] = static_cast<int64_t>(column->next());
    return numbers;
}

Status IndexReader::read_levels(Entry *entry) {
    const uint64_t code = axes_.next(), block = code >> entry->rank;
    const int region = regions_.data[coded_seen_];
    entry->step = static_cast<uint16_t>(steps_.data[coded_seen_] << 8 | steps_.data[coded_ + coded_seen_]);
    ++coded_seen_;
    if (region > REGION_SCAN) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown region."};
    entry->region = static_cast<Region>(region);
    FRC_TRY(read_kept(entry));
    if (block > MAX_BLOCK_LOG2) return {Code::UNKNOWN_FEATURE, "A tensor has an unknown transform."};
    entry->axes = static_cast<uint32_t>(code & ((uint64_t{1} << entry->rank) - 1));
    entry->block_log2 = static_cast<uint8_t>(block);
    return check_transform(*entry);
}

Status IndexReader::check_transform(const Entry &entry) const {
    if (entry.block_log2 && !entry.axes) return FIELD;
    for (int axis = 0; axis < entry.rank; ++axis) {
        const bool fits = entry.shape[axis] >= 1 && (entry.block_log2 || entry.shape[axis] <= MAX_TRANSFORM_LENGTH);
        if ((entry.axes >> axis & 1) && !fits) return FIELD;
    }
    const bool integer = entry.dtype == DType::INT8 || entry.dtype == DType::UINT8;
    if (entry.dtype > DType::UINT8 || (integer && entry.axes)) return FIELD;
    return entry.step > (integer ? 255 : MAX_STEP_CODE) ? FIELD : Status{};
}

Status IndexReader::read_kept(Entry *entry) {
    if (entry->region == Region::WHOLE) return {};
    const uint64_t count = entry->region == Region::BOX ? entry->rank : 1;
    if (kept_.left() < count) return WRONG_KIND;
    entry->kept = numbers_of(&kept_, count);
    if (!entry->kept) return NO_MEMORY;
    if (entry->region == Region::SCAN) return entry->kept[0] > product(entry->rank, entry->shape) ? FIELD : Status{};
    bool smaller = false;
    for (int axis = 0; axis < entry->rank; ++axis) {
        if (entry->kept[axis] > entry->shape[axis]) return FIELD;
        smaller |= entry->kept[axis] < entry->shape[axis];
    }
    return smaller ? Status{} : Status{Code::BAD_RECORD, "A tensor keeps a box that is not smaller than itself."};
}

Status IndexReader::read_view(Entry *entry) {
    if (!*entry->name) return {Code::BAD_NAME, "A view has no name."};
    if (views_.left() < 2u + entry->rank) return WRONG_KIND;
    const uint64_t target = views_.next();
    entry->target = target < count_ ? static_cast<uint32_t>(target) : count_;
    entry->offset = static_cast<int64_t>(views_.next());
    entry->strides = numbers_of(&views_, entry->rank);
    return entry->strides ? Status{} : NO_MEMORY;
}

/// Streams of their own come first; every stream there is must have an entry.
Status IndexReader::count_streams() {
    Numbers assigned = assigned_;
    uint64_t shared = 0;
    while (assigned.left()) {
        const uint64_t number = assigned.next();
        own_ += number == 0;
        if (number > shared) shared = number;
    }
    const uint64_t count = sizes_.count();
    if (count > stored_ || shared > count || own_ + shared != count) {
        return {Code::BAD_RECORD, "The index has another number of streams than its entries."};
    }
    return {};
}

Status IndexReader::place_streams() {
    const auto count = static_cast<uint32_t>(sizes_.count());
    StreamPlace *streams = pool_.take<StreamPlace>(count);
    uint32_t *members = pool_.take<uint32_t>(stored_);
    if (!streams || !members) return NO_MEMORY;
    uint64_t start = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t size = sizes_.next();
        streams[i] = {start, size, load_u32(digests_.data + 4 * i), 0, 0};
        start = start + size < start ? UINT64_MAX : start + size;
    }
    for (uint32_t i = 0; i < count_; ++i) {
        if (entries_[i].coding != Coding::VIEW) ++streams[entries_[i].stream].members;
    }
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; ++i) {
        if (streams[i].members == 0) return {Code::BAD_RECORD, "A stream has no entry."};
        streams[i].first_member = first;
        first += streams[i].members;
        streams[i].members = 0;
    }
    for (uint32_t i = 0; i < count_; ++i) {
        if (entries_[i].coding == Coding::VIEW) continue;
        StreamPlace &stream = streams[entries_[i].stream];
        if (stream.members && entries_[members[stream.first_member]].coding != entries_[i].coding) {
            return {Code::BAD_RECORD, "A stream has entries of different codings."};
        }
        members[stream.first_member + stream.members++] = i;
    }
    index_.stream_count = count;
    index_.streams = streams;
    index_.members = members;
    return {};
}

Status IndexReader::check_view(const Entry &entry) const {
    constexpr Status BAD = {Code::BAD_VIEW, "A view leaves its tensor, or points to no stored tensor of its type."};
    if (entry.target >= count_) return BAD;
    const Entry &target = entries_[entry.target];
    if (target.coding == Coding::VIEW || target.dtype != entry.dtype) return BAD;
    if (product(entry.rank, entry.shape) == 0) return {};
    const int64_t size = product(target.rank, target.shape);
    int64_t last = entry.offset;
    for (int axis = 0; axis < entry.rank; ++axis) {
        const int64_t steps = entry.shape[axis] - 1, stride = entry.strides[axis];
        if (stride && steps > size / stride) return BAD;
        last += steps * stride;
        if (last >= size) return BAD;
    }
    return last < size ? Status{} : BAD;
}

/// By a heap: no recursion, no memory, no bad case.
Status IndexReader::sort_names() {
    uint32_t *names = pool_.take<uint32_t>(count_);
    if (!names) return NO_MEMORY;
    index_.names_ = names;
    uint32_t count = 0;
    for (uint32_t i = 0; i < count_; ++i) {
        if (*entries_[i].name) names[count++] = i;
    }
    index_.name_count_ = count;
    for (uint32_t root = count / 2; root > 0; --root) sift(root - 1, count);
    for (uint32_t rest = count; rest > 1; --rest) {
        const uint32_t last = names[0];
        names[0] = names[rest - 1];
        names[rest - 1] = last;
        sift(0, rest - 1);
    }
    for (uint32_t i = 1; i < count; ++i) {
        if (!before(names[i - 1], names[i])) return {Code::BAD_NAME, "Two tensors have the same name."};
    }
    return {};
}

/// Moves what is at `root` down until nothing below it is larger.
void IndexReader::sift(uint32_t root, uint32_t count) {
    uint32_t *names = index_.names_;
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && before(names[child], names[child + 1])) ++child;
        if (!before(names[root], names[child])) return;
        const uint32_t larger = names[child];
        names[child] = names[root];
        names[root] = larger;
    }
}

}  // namespace frc
