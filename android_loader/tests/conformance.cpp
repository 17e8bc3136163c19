// All vectors of the specification through the C interface: conformance VECTORS_FOLDER LIST
//
// The list is what vectors.py writes:
//     valid    FILE  rebuilt SHA-256 or -  width or -  name in hexadecimal  SHA-256
//     invalid  FILE  code

#include <map>
#include <sstream>

#include "sha256.h"
#include "testing.h"

using testing::Buffer;
using testing::check;

namespace {

constexpr uint64_t MOST_BYTES = uint64_t{1} << 28;

struct Expected {
    std::string rebuilt = "-";
    int code = 0;
    std::map<std::string, std::map<std::string, std::string>> entries;  // by width, by name
};

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

std::map<std::string, Expected> read_list(const std::string &path) {
    std::map<std::string, Expected> files;
    std::ifstream list(path);
    for (std::string line; std::getline(list, line);) {
        std::vector<std::string> fields = split(line, '\t');
        Expected &file = files[fields[0] + "/" + fields[1]];
        if (fields[0] == "invalid") {
            file.code = std::stoi(fields[2]);
            continue;
        }
        file.rebuilt = fields[2];
        if (fields.size() < 6) continue;
        std::string name;
        for (size_t i = 0; i + 1 < fields[4].size(); i += 2) {
            name += static_cast<char>(std::stoi(fields[4].substr(i, 2), nullptr, 16));
        }
        file.entries[fields[3]][name] = fields[5];
    }
    return files;
}

/// An entry in a buffer that starts `shift` bytes behind an aligned address.
frc_code decode(const frc_file *file, size_t position, size_t shift, const frc_work *work, Buffer *elements) {
    const frc_entry entry = frc_entry_at(file, position);
    Buffer buffer(static_cast<size_t>(entry.bytes) + shift, 0xAA);
    const frc_status status = frc_decode(file, position, buffer.data() + shift, static_cast<size_t>(entry.bytes), work);
    elements->assign(buffer.begin() + static_cast<long>(shift), buffer.end());
    return status.code;
}

void check_entries(const std::string &name, const frc_file *file, const std::map<std::string, std::string> &expected,
                   const frc_work *work) {
    for (const auto &[entry, sum] : expected) {
        const int64_t position = frc_find(file, entry.data(), entry.size());
        check(position >= 0, name + " has " + entry);
        if (position < 0) continue;
        for (size_t shift = 0; shift < 2; ++shift) {
            Buffer elements;
            const int code = decode(file, static_cast<size_t>(position), shift, work, &elements);
            check(code == 0 && testing::sha256(elements) == sum, name + " " + entry + " " + std::to_string(code));
        }
    }
    check(frc_find(file, "no such name", 12) == -1, name + " has no other names");
}

/// Every entry, or every second one, together.
void check_together(const std::string &name, const frc_file *file, const std::map<std::string, std::string> &expected,
                    const frc_work *work) {
    for (size_t step = 1; step < 3; ++step) {
        std::vector<Buffer> buffers(frc_entry_count(file));
        std::vector<void *> places(buffers.size(), nullptr);
        for (size_t i = 0; i < buffers.size(); i += step) {
            buffers[i].resize(static_cast<size_t>(frc_entry_at(file, i).bytes) + 1);
            places[i] = buffers[i].data();
        }
        check(frc_decode_all(file, places.data(), work).code == 0, name + " together");
        for (size_t i = 0; i < buffers.size(); i += step) {
            buffers[i].pop_back();
            const auto found = expected.find(frc_entry_at(file, i).name);
            if (found == expected.end()) continue;
            check(testing::sha256(buffers[i]) == found->second, name + " " + found->first + " together");
        }
    }
}

void check_model(const std::string &name, const frc_file *file, const std::string &sum, const frc_work *work) {
    Buffer streamed;
    const auto write = [](void *self, const void *bytes, size_t size) {
        const auto *from = static_cast<const uint8_t *>(bytes);
        static_cast<Buffer *>(self)->insert(static_cast<Buffer *>(self)->end(), from, from + size);
        return 0;
    };
    check(frc_rebuild(file, write, &streamed, work).code == 0 && testing::sha256(streamed) == sum, name + " streamed");
    for (size_t shift = 0; shift < 2; ++shift) {
        Buffer buffer(frc_model_bytes(file) + shift);
        const frc_status status = frc_rebuild_into(file, buffer.data() + shift, buffer.size() - shift, work);
        check(status.code == 0 && Buffer(buffer.begin() + static_cast<long>(shift), buffer.end()) == streamed,
              name + " in place");
    }
    check(frc_crc32(0, streamed.data(), streamed.size()) == frc_model_crc(file), name + " checksum of the model");
}

std::vector<int64_t> lengths_of(const std::string &width) {
    std::vector<int64_t> lengths;
    for (const std::string &length : split(width, ',')) lengths.push_back(std::stoll(length));
    return lengths;
}

void check_valid(const std::string &name, const Buffer &bytes, const Expected &expected, const frc_work *work) {
    testing::Heap heap;
    const frc_memory memory = heap.memory();
    frc_file *file;
    const frc_status status = frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory);
    check(status.code == 0, name + " opens: " + status.message);
    if (status.code) return;
    check((expected.rebuilt != "-") == (frc_has_model(file) != 0), name + " has a model");
    for (const auto &[width, entries] : expected.entries) {
        const std::vector<int64_t> lengths = lengths_of(width == "-" ? "" : width);
        if (width != "-") {
            check(frc_set_width(file, lengths.data(), lengths.size(), 0, work).code == 0, name + " at " + width);
        }
        check_entries(name + " at " + width, file, entries, work);
        check_together(name + " at " + width, file, entries, work);
    }
    const int64_t *full;
    const size_t groups = frc_groups(file, &full);
    if (groups) check(frc_set_width(file, full, groups, 0, work).code == 0, name + " at full width again");
    if (frc_has_model(file)) check_model(name, file, expected.rebuilt, work);
    frc_close(file);
    check(heap.bytes() == 0, name + " gives its memory back");
}

/// The first error of reading everything there is.
int read_all(const Buffer &bytes, const frc_memory &memory, const frc_work *work) {
    frc_file *file;
    frc_status status = frc_open(&file, bytes.data(), bytes.size(), MOST_BYTES, &memory);
    for (size_t i = 0; status.code == 0 && i < frc_entry_count(file); ++i) {
        Buffer elements;
        status.code = decode(file, i, 0, work, &elements);
    }
    if (status.code == 0 && frc_has_model(file)) {
        Buffer buffer(frc_model_bytes(file));
        status = frc_rebuild_into(file, buffer.data(), buffer.size(), work);
    }
    for (size_t i = 0; status.code == 0 && i < frc_width_count(file); ++i) {
        const int64_t *full;
        const size_t groups = frc_groups(file, &full);
        status = frc_set_width(file, frc_width_at(file, i).lengths, groups, 0, work);
    }
    if (file) frc_close(file);
    return status.code;
}

void check_invalid(const std::string &name, const Buffer &bytes, int code, const frc_work *work) {
    testing::Heap heap;
    const int found = read_all(bytes, heap.memory(), work);
    check(found == code, name + " is " + std::to_string(code) + ", not " + std::to_string(found));
    check(heap.bytes() == 0, name + " gives its memory back");
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 3) {
        std::printf("usage: conformance VECTORS_FOLDER LIST\n");
        return 2;
    }
    testing::Threads threads(3);
    const frc_work together = threads.work();
    for (const auto &[name, expected] : read_list(arguments[2])) {
        const Buffer bytes = testing::contents(std::string(arguments[1]) + "/" + name);
        for (const frc_work *work : {static_cast<const frc_work *>(nullptr), &together}) {
            if (expected.code) {
                check_invalid(name, bytes, expected.code, work);
            } else {
                check_valid(name, bytes, expected, work);
            }
        }
    }
    return testing::verdict();
}
