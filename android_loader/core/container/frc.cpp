// The C interface over the classes of the core.

#include "frc.h"

#include <string.h>

#include "container/decoder.h"
#include "container/file.h"
#include "container/rebuild.h"
#include "stages/kernels.h"

struct frc_file : frc::File {
    using File::File;
};

namespace {

frc_status told(const frc::Status &status, const frc::Where &where) {
    if (status.ok()) return {0, -1, -1, ""};
    return {static_cast<int32_t>(status.code), where.entry, where.offset, status.message};
}

/// Stored entries where they are wanted, or where nobody sees them but views; then the views.
frc::Status decode_all(const frc::File &file, void *const *buffers, const frc_work *work, frc::Where *where) {
    const frc::Index &index = file.index();
    frc::Pool pool(file.memory());
    uint8_t **places = pool.take<uint8_t *>(index.entry_count);
    if (!places) return frc::NO_MEMORY;
    for (uint32_t i = 0; i < index.entry_count; ++i) places[i] = static_cast<uint8_t *>(buffers[i]);
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const frc::Entry &entry = index.entries[i];
        if (entry.coding != frc::Coding::VIEW || !places[i] || places[entry.target]) continue;
        places[entry.target] = pool.take<uint8_t>(file.shape(entry.target).bytes);
        if (!places[entry.target]) return frc::NO_MEMORY;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        if (index.entries[i].coding != frc::Coding::VIEW && places[i]) total += file.shape(i).bytes;
    }
    frc::Work all(work, total);
    frc::Decoder decoder(file, &all, where);
    FRC_TRY(decoder.decode_all(places, nullptr));
    for (uint32_t i = 0; i < index.entry_count; ++i) {
        const frc::Entry &entry = index.entries[i];
        if (entry.coding == frc::Coding::VIEW && places[i]) decoder.copy_view(i, places[entry.target], places[i]);
    }
    return {};
}

}  // namespace

/// Objects are made in memory from the caller.
inline void *operator new(size_t, void *place) noexcept { return place; }

extern "C" {

frc_status frc_open(frc_file **file, const void *data, size_t size, uint64_t max_bytes, const frc_memory *memory) {
    *file = nullptr;
    frc::Where where;
    void *place = memory->take(memory->self, sizeof(frc_file));
    if (!place) return told(frc::NO_MEMORY, where);
    frc_file *opened = new (place) frc_file(*memory);
    const frc::Status status = opened->open({static_cast<const uint8_t *>(data), size}, max_bytes, &where);
    if (status.ok()) {
        *file = opened;
    } else {
        frc_close(opened);
    }
    return told(status, where);
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
    return {
        entry.name, shape.lengths, entry.rank, static_cast<int32_t>(entry.dtype), static_cast<int32_t>(entry.coding),
        shape.bytes};
}

int64_t frc_find(const frc_file *file, const char *name, size_t length) { return file->index().find(name, length); }

frc_status frc_decode(const frc_file *file, size_t position, void *buffer, size_t size, const frc_work *work) {
    frc::Where where;
    where.entry = static_cast<int32_t>(position);
    const auto entry = static_cast<uint32_t>(position);
    if (position >= file->index().entry_count || size != file->shape(entry).bytes) {
        return told({frc::Code::BAD_OPTION, "There is no such tensor, or the buffer does not have its size."}, where);
    }
    const frc::Entry &wanted = file->index().entries[entry];
    const uint32_t stored = wanted.coding == frc::Coding::VIEW ? wanted.target : entry;
    frc::Work all(work, file->shape(stored).bytes);
    frc::Decoder decoder(*file, &all, &where);
    return told(decoder.decode(entry, static_cast<uint8_t *>(buffer)), where);
}

frc_status frc_decode_all(const frc_file *file, void *const *buffers, const frc_work *work) {
    frc::Where where;
    return told(decode_all(*file, buffers, work, &where), where);
}

int frc_has_model(const frc_file *file) { return file->has_model() && file->full_width(); }
uint64_t frc_model_bytes(const frc_file *file) { return file->skeleton().size; }
uint32_t frc_model_crc(const frc_file *file) { return file->skeleton().crc; }
const char *frc_model_kind(const frc_file *file) { return file->skeleton().kind; }

frc_status frc_rebuild(const frc_file *file, int (*write)(void *self, const void *bytes, size_t size), void *self,
                       const frc_work *work) {
    frc::Where where;
    return told(frc::rebuild(*file, write, self, work, &where), where);
}

frc_status frc_rebuild_into(const frc_file *file, void *buffer, size_t size, const frc_work *work) {
    frc::Where where;
    if (file->has_model() && size != file->skeleton().size) {
        return told({frc::Code::BAD_OPTION, "The buffer does not have the size of the model file."}, where);
    }
    return told(frc::rebuild_into(*file, static_cast<uint8_t *>(buffer), work, &where), where);
}

size_t frc_groups(const frc_file *file, const int64_t **lengths) {
    *lengths = file->widths().full;
    return file->widths().groups;
}

size_t frc_width_count(const frc_file *file) { return file->widths().count; }
frc_width frc_width_at(const frc_file *file, size_t number) { return file->widths().validated[number]; }
const char *frc_width_label(const frc_file *file) { return file->widths().label; }

frc_status frc_set_width(frc_file *file, const int64_t *lengths, size_t groups, int force, const frc_work *work) {
    frc::Where where;
    return told(file->set_width(lengths, groups, force != 0, work, &where), where);
}

uint32_t frc_crc32(uint32_t before, const void *data, size_t size) {
    return frc::kernels().crc32(static_cast<const uint8_t *>(data), size, before);
}

}  // extern "C"
