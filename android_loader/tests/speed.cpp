// How long a file takes on one thread: speed FILE.frc REPEATS
//
// Prints one line of JSON: bytes made (the model file, or all tensors where there is none), milliseconds of opening and
// decoding into fresh memory, milliseconds of writing as much fresh memory, and the most memory taken besides. The
// times are the shortest of the repeats.

#include <sys/mman.h>

#include <algorithm>
#include <ctime>

#include "testing.h"

using testing::Buffer;

namespace {

double milliseconds_since(std::clock_t start) {
    return static_cast<double>(std::clock() - start) * 1e3 / CLOCKS_PER_SEC;
}

/// Fresh memory, whose pages have not been touched.
class Fresh {
  public:
    explicit Fresh(size_t size) : size_(std::max<size_t>(size, 1)) {
        memory_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) std::exit(3);
    }
    ~Fresh() { munmap(memory_, size_); }
    uint8_t *data() { return static_cast<uint8_t *>(memory_); }

  private:
    void *memory_;
    size_t size_;
};

/// Offsets of all entries in one block of memory, and its size behind the last.
std::vector<size_t> places_of(const frc_file *file) {
    std::vector<size_t> places(1, 0);
    for (size_t i = 0; i < frc_entry_count(file); ++i) {
        places.push_back(places.back() + (static_cast<size_t>(frc_entry_at(file, i).bytes) + 63) / 64 * 64);
    }
    return places;
}

/// Opens and decodes; returns the decoded size in bytes.
size_t decode(const Buffer &bytes, testing::Heap *heap, double *milliseconds) {
    const frc_memory memory = heap->memory();
    const std::clock_t start = std::clock();
    frc_file *file;
    frc_status status = frc_open(&file, bytes.data(), bytes.size(), UINT64_MAX >> 1, &memory);
    if (status.code) return std::printf("%s\n", status.message), std::exit(1), 0;
    const std::vector<size_t> places = places_of(file);
    const size_t size = frc_has_model(file) ? static_cast<size_t>(frc_model_bytes(file)) : places.back();
    {
        Fresh fresh(size);
        std::vector<void *> buffers;
        for (size_t place : places) buffers.push_back(fresh.data() + place);
        status = frc_has_model(file) ? frc_rebuild_into(file, fresh.data(), size, nullptr)
                                     : frc_decode_all(file, buffers.data(), nullptr);
        *milliseconds = milliseconds_since(start);
    }
    if (status.code) return std::printf("%s\n", status.message), std::exit(1), 0;
    frc_close(file);
    return size;
}

double touch(size_t size) {
    const std::clock_t start = std::clock();
    Fresh fresh(size);
    std::memset(fresh.data(), 1, size);
    return milliseconds_since(start);
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) return std::printf("usage: speed FILE.frc REPEATS\n"), 2;
    const Buffer bytes = testing::contents(arguments[1]);
    double best = 1e9, touched = 1e9;
    size_t size = 0, most = 0;
    for (int i = std::atoi(arguments[2]); i > 0; --i) {
        testing::Heap heap;
        double milliseconds;
        size = decode(bytes, &heap, &milliseconds);
        best = std::min(best, milliseconds);
        touched = std::min(touched, touch(size));
        most = heap.most();
    }
    std::printf("{\"bytes\": %zu, \"milliseconds\": %.3f, \"touch_milliseconds\": %.3f, \"heap\": %zu}\n", size, best,
                touched, most);
    return 0;
}
