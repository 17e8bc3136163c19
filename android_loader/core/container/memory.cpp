#include "container/memory.h"

namespace frc {

void *Pool::take_bytes(uint64_t size) {
    if (size > SIZE_MAX / 2) return nullptr;
    const size_t whole = sizeof(Head) + static_cast<size_t>(size);
    Head *head = static_cast<Head *>(memory_.take(memory_.self, whole));
    if (!head) return nullptr;
    head->next = first_;
    head->size = whole;
    first_ = head;
    return head + 1;
}

Arena Pool::arena(size_t size, bool *ok) {
    void *memory = take_bytes(size);
    *ok = memory != nullptr;
    return {memory, size};
}

void Pool::replace(Pool *other) {
    give_all();
    first_ = other->first_;
    other->first_ = nullptr;
}

void Pool::give_all() {
    while (Head *head = first_) {
        first_ = head->next;
        memory_.give(memory_.self, head, head->size);
    }
}

}  // namespace frc
