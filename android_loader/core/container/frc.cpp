// The C interface, on top of the C++ classes.

#include "frc.h"

#include <string.h>

#include "container/decoder.h"
#include "container/file.h"
#include "container/rebuild.h"
#include "stages/kernels.h"

struct frc_file : frc::File {
    using File::File;

    /// Constructs in memory from the caller. The global one is in <new>, which a build without a C++ library lacks.
    static void *operator new(size_t, void *memory) noexcept { return memory; }
};

namespace {

frc_status to_c(const frc::Status &status, const frc::Where &where) {
    if (status.ok()) return {FRC_OK, -1, -1, ""};
    return {static_cast<frc_code>(status.code), where.entry, where.offset, status.message};
}

/// Decodes the stored entries that have a buffer, and to temporary memory those that only views need; then copies the
/// views.
frc::Status decode_all(const frc::File &file, void *const *buffers, const frc_work *work, frc::Where *where) {
    const frc::Index &index = file.index();
    frc::Pool pool(file.memory());
    uint8_t **targets = pool.take<uint8_t *>(index.entry_count);
    if (!targets) return frc::NO_MEMORY;
    for (uint32_t i = 0; i < index.entry_count; ++i) targets[i] = static_cast<uint8_t *>(buffers[i]);
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const frc::Entry &entry = index.entries[i];
        if (entry.coding != frc::Coding::VIEW || !targets[i] || targets[entry.target]) continue;
        targets[entry.target] = pool.take<uint8_t>(file.shape(entry.target).bytes);
        if (!targets[entry.target]) return frc::NO_MEMORY;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        if (index.entries[i].coding != frc::Coding::VIEW && targets[i]) total += file.shape(i).bytes;
    }
    frc::Work progress(work, total);
    frc::Decoder decoder(file, &progress, where);
    FRC_TRY(decoder.decode_all(targets, nullptr));
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const frc::Entry &entry = index.entries[i];
        if (entry.coding == frc::Coding::VIEW && targets[i]) decoder.copy_view(i, targets[entry.target], targets[i]);
    }
    return {};
}

}  // namespace

extern "C" {

uint32_t frc_version(void) { return FRC_VERSION; }

frc_status frc_open(frc_file **file, const void *data, size_t size, uint64_t max_bytes, const frc_memory *memory) {
    *file = nullptr;
    frc::Where where;
    void *address = memory->take(memory->self, sizeof(frc_file));
    if (!address) return to_c(frc::NO_MEMORY, where);
    frc_file *result = new (address) frc_file(*memory);
    const frc::Status status = result->open({static_cast<const uint8_t *>(data), size}, max_bytes, &where);
    if (status.ok()) {
        *file = result;
    } else {
        frc_close(result);
    }
    return to_c(status, where);
}

void frc_close(frc_file *file) {
    if (!file) return;
    const frc_memory memory = file->memory();
    file->~frc_file();
    memory.give(memory.self, file, sizeof *file);
}

size_t frc_entry_count(const frc_file *file) { return file->index().entry_count; }

frc_entry frc_entry_at(const frc_file *file, size_t position) {
    const frc::Entry &entry = file->index().entries[position];
    const frc::Shape &shape = file->shape(static_cast<uint32_t>(position));
    return {entry.name,
            shape.lengths,
            entry.rank,
            static_cast<frc_dtype>(entry.dtype),
            static_cast<frc_coding>(entry.coding),
            shape.bytes};
}

int64_t frc_find(const frc_file *file, const char *name, size_t length) {
    return file->index().names.find(name, length);
}

frc_status frc_decode(const frc_file *file, size_t position, void *buffer, size_t size, const frc_work *work) {
    frc::Where where;
    where.entry = static_cast<int32_t>(position);
    const auto entry = static_cast<uint32_t>(position);
    if (position >= file->index().entry_count || size != file->shape(entry).bytes) {
        return to_c({frc::Code::BAD_OPTION, "There is no such tensor, or the buffer has the wrong size."}, where);
    }
    const frc::Entry &requested = file->index().entries[entry];
    const uint32_t stored = requested.coding == frc::Coding::VIEW ? requested.target : entry;
    frc::Work progress(work, file->shape(stored).bytes);
    frc::Decoder decoder(*file, &progress, &where);
    return to_c(decoder.decode(entry, static_cast<uint8_t *>(buffer)), where);
}

frc_status frc_decode_all(const frc_file *file, void *const *buffers, const frc_work *work) {
    frc::Where where;
    return to_c(decode_all(*file, buffers, work, &where), where);
}

int frc_has_model(const frc_file *file) { return file->has_model() && file->full_width(); }
uint64_t frc_model_bytes(const frc_file *file) { return file->skeleton().size; }
uint32_t frc_model_crc(const frc_file *file) { return file->skeleton().crc; }
const char *frc_model_kind(const frc_file *file) { return file->skeleton().kind; }

frc_status frc_rebuild(const frc_file *file, int (*write)(void *self, const void *bytes, size_t size), void *self,
                       const frc_work *work) {
    frc::Where where;
    return to_c(frc::rebuild(*file, write, self, work, &where), where);
}

frc_status frc_rebuild_into(const frc_file *file, void *buffer, size_t size, const frc_work *work) {
    frc::Where where;
    if (file->has_model() && size != file->skeleton().size) {
        return to_c({frc::Code::BAD_OPTION, "The buffer must have the size of the model file."}, where);
    }
    return to_c(frc::rebuild_into(*file, static_cast<uint8_t *>(buffer), work, &where), where);
}

size_t frc_groups(const frc_file *file, const int64_t **lengths) {
    *lengths = file->widths().full;
    return file->widths().groups;
}

size_t frc_width_count(const frc_file *file) { return file->widths().count; }
frc_width frc_width_at(const frc_file *file, size_t number) { return file->widths().validated[number]; }
const char *frc_width_label(const frc_file *file) { return file->widths().label; }

frc_status frc_set_width(frc_file *file, const int64_t *lengths, size_t groups, int allow_unvalidated,
                         const frc_work *work) {
    frc::Where where;
    return to_c(file->set_width(lengths, groups, allow_unvalidated != 0, work, &where), where);
}

uint32_t frc_crc32(uint32_t crc, const void *data, size_t size) {
    return frc::kernels().crc32(static_cast<const uint8_t *>(data), size, crc);
}

}  // extern "C"
