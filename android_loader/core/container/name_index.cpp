#include "container/name_index.h"

#include <string.h>

#include "container/index.h"

namespace frc {
namespace {

/// Compares `name` of `length` bytes with a terminated one. A prefix sorts before the longer name.
int compare(const char *name, size_t length, const char *other) {
    const size_t other_length = strlen(other);
    const int difference = memcmp(name, other, length < other_length ? length : other_length);
    return difference ? difference : length < other_length ? -1 : length > other_length;
}

void swap(uint32_t *a, uint32_t *b) {
    const uint32_t value = *a;
    *a = *b;
    *b = value;
}

}  // namespace

Status NameIndex::build(const Entry *entries, uint32_t count, Pool *pool) {
    entries_ = entries;
    names_ = pool->take<uint32_t>(count);
    if (!names_) return NO_MEMORY;
    for (uint32_t i = 0; i < count; ++i) {
        if (*entries[i].name) names_[count_++] = i;
    }
    sort();
    for (uint32_t i = 1; i < count_; ++i) {
        if (!less(names_[i - 1], names_[i])) return {Code::BAD_NAME, "Two tensors have the same name."};
    }
    return {};
}

int64_t NameIndex::find(const char *name, size_t length) const {
    uint32_t low = 0, high = count_;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = compare(name, length, entries_[names_[middle]].name);
        if (order == 0) return names_[middle];
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}

bool NameIndex::less(uint32_t a, uint32_t b) const { return strcmp(entries_[a].name, entries_[b].name) < 0; }

/// Heapsort: in place, without recursion, and O(n log n) for hostile files, too.
void NameIndex::sort() {
    for (uint32_t root = count_ / 2; root > 0; --root) sift_down(root - 1, count_);
    for (uint32_t unsorted = count_; unsorted > 1; --unsorted) {
        swap(&names_[0], &names_[unsorted - 1]);
        sift_down(0, unsorted - 1);
    }
}

void NameIndex::sift_down(uint32_t root, uint32_t count) {
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && less(names_[child], names_[child + 1])) ++child;
        if (!less(names_[root], names_[child])) return;
        swap(&names_[root], &names_[child]);
    }
}

}  // namespace frc
