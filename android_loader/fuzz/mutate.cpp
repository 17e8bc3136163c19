// Stands in for libFuzzer where the compiler has none: FUZZER [--changes=N] FILE...
//
// Runs every file, each followed by many random changes of it, the same ones on every machine.

#include <cstdint>
#include <cstdio>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

std::vector<uint8_t> contents(const char *path) {
    std::vector<uint8_t> bytes;
    if (std::FILE *file = std::fopen(path, "rb")) {
        for (int byte; (byte = std::fgetc(file)) != EOF;) bytes.push_back(static_cast<uint8_t>(byte));
        std::fclose(file);
    }
    return bytes;
}

/// Numbers 0 … below - 1 by a xorshift generator.
size_t random_below(size_t below) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<size_t>(state % below);
}

void change(std::vector<uint8_t> *bytes) {
    if (bytes->empty()) return;
    for (size_t i = 1 + random_below(4); i > 0; --i) {
        const size_t near = random_below(2) ? bytes->size() : bytes->size() < 60 ? bytes->size() : 60;
        const size_t at = random_below(near);
        if (random_below(2))
            (*bytes)[at] = static_cast<uint8_t>((*bytes)[at] ^ 1 << random_below(8));
        else
            (*bytes)[at] = static_cast<uint8_t>(random_below(256));
    }
    if (random_below(8) == 0) bytes->resize(random_below(bytes->size() + 1));
}

}  // namespace

int main(int count, char **arguments) {
    long changes = 1000;
    for (int i = 1; i < count; ++i) {
        if (std::sscanf(arguments[i], "--changes=%ld", &changes) == 1) continue;
        const std::vector<uint8_t> original = contents(arguments[i]);
        LLVMFuzzerTestOneInput(original.data(), original.size());
        for (long change_number = 0; change_number < changes; ++change_number) {
            std::vector<uint8_t> changed = original;
            change(&changed);
            LLVMFuzzerTestOneInput(changed.data(), changed.size());
        }
    }
    return 0;
}
