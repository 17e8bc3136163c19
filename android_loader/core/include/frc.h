/* The decoder's C interface: open an .frc file in memory, list its tensors, decode one, rebuild the model file.
 *
 * Plain C, no exceptions, no allocation of its own: all memory comes from the caller through `frc_memory`, and every
 * size is checked before it is asked for. An open file is read by any number of threads at the same time; only
 * frc_set_width and frc_close want it alone. What is handed out has been compared with the file's digests before.
 * Terms and error codes are those of spec/frc-1.md. */

#ifndef FRC_H
#define FRC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong. */
typedef struct frc_status {
    int32_t code;        /* 0, or a number of [errors] in spec/constants.toml */
    int32_t entry;       /* position of the tensor that it is about; -1 for none */
    int64_t offset;      /* byte of the file where the section that it is about starts; -1 for none */
    const char *message; /* an English sentence of static storage; "" for code 0 */
} frc_status;

/* Where memory comes from. Calls come from threads that use the file, several at a time. */
typedef struct frc_memory {
    void *self;
    void *(*take)(void *self, size_t bytes);             /* aligned for any type; NULL: none left (out_of_memory) */
    void (*give)(void *self, void *piece, size_t bytes); /* gives back what `take` gave, with the same size */
} frc_memory;

/* How to work on something long; a null pointer instead means: alone and to the end. */
typedef struct frc_work {
    void *self;
    /* Called by the calling thread about once for every million weights or less, but not while a stream of exact bytes
     * is decompressed, with bytes done of all; those of views are their targets'. Not 0: stop, with the code
     * `cancelled`. May be null. */
    int (*progress)(void *self, uint64_t done, uint64_t total);
    /* Calls part(context, worker, i) once for every i below count and returns when all are done. Parts may run on
     * several threads; those that run at the same time have different `worker` numbers below `workers`. Parts that
     * are left out end the work: `cancelled`. Null, or fewer than two workers: the calling thread does everything. */
    void (*run)(void *self, void (*part)(void *context, size_t worker, size_t i), void *context, size_t count);
    size_t workers;
} frc_work;

typedef struct frc_file frc_file;

/* An entry: a tensor, or a view of one. Pointers but `shape` live as long as the file is open. */
typedef struct frc_entry {
    const char *name;     /* UTF-8; "" for an entry that only the model file, or views, refer to */
    const int64_t *shape; /* `rank` lengths, at the present width; they live until frc_set_width */
    int32_t rank;
    int32_t dtype;  /* id in [dtypes] of spec/constants.toml */
    int32_t coding; /* 0 levels, 1 raw, 2 view */
    uint64_t bytes; /* decoded; C order, little-endian */
} frc_entry;

/* A width that somebody tried: a length for each group of channels. */
typedef struct frc_width {
    const int64_t *lengths; /* as many as frc_groups tells */
    const char *score;      /* for people; UTF-8, ended by U+0000 */
    uint64_t multiply_adds; /* of one forward pass */
    uint32_t checksum;      /* CRC-32 of all decoded entries but views at this width */
} frc_width;

/* Opens the file in data[0 … size-1], which must stay unchanged and in place until frc_close. `max_bytes` bounds the
 * decoded bytes of all entries together, the size of the model file and that of its skeleton. On success *file is set.
 * `memory` is copied. Errors: any of the spec, out_of_memory. */
frc_status frc_open(frc_file **file, const void *data, size_t size, uint64_t max_bytes, const frc_memory *memory);

/* Gives all memory back. NULL is allowed. */
void frc_close(frc_file *file);

size_t frc_entry_count(const frc_file *file);

/* Entry `position` below frc_entry_count. */
frc_entry frc_entry_at(const frc_file *file, size_t position);

/* Position of the entry of this name (length in bytes, without an end); -1 if there is none. */
int64_t frc_find(const frc_file *file, const char *name, size_t length);

/* Decodes an entry into buffer[0 … size-1]; size is the entry's `bytes`. Views come as copies in C order. A buffer
 * aligned to 8 bytes saves a copy. What is in it after an error is undefined. */
frc_status frc_decode(const frc_file *file, size_t position, void *buffer, size_t size, const frc_work *work);

/* Decodes entries together: what shares a stream is decoded once. buffers[i] is that of entry i with the entry's
 * `bytes`, or null where the entry is not wanted. What is in them after an error is undefined. */
frc_status frc_decode_all(const frc_file *file, void *const *buffers, const frc_work *work);

/* Whether there is a model file to rebuild. */
int frc_has_model(const frc_file *file);

/* Size and CRC-32 of the model file; 0 without one. Error codes of the skeleton are told by frc_open. */
uint64_t frc_model_bytes(const frc_file *file);
uint32_t frc_model_crc(const frc_file *file);

/* What kind of file it is, for people; "" without one. UTF-8, ended by U+0000. */
const char *frc_model_kind(const frc_file *file);

/* Writes the model file from the first byte to the last: write(self, bytes, size) returns 0, or anything else to stop
 * (write_failed). Needs memory for the largest tensor. The CRC-32 is compared when all is written: until this returns
 * success nothing may be believed. */
frc_status frc_rebuild(const frc_file *file, int (*write)(void *self, const void *bytes, size_t size), void *self,
                       const frc_work *work);

/* Rebuilds the model file in buffer[0 … size-1]; size is frc_model_bytes. Tensors are decoded where they belong, so
 * this needs little memory besides. A buffer aligned to 64 bytes, or a mapped file, saves copies. */
frc_status frc_rebuild_into(const frc_file *file, void *buffer, size_t size, const frc_work *work);

/* Lengths of the groups of channels at full width, and how many there are: 0 if the file has full width only. */
size_t frc_groups(const frc_file *file, const int64_t **lengths);

/* The validated widths. */
size_t frc_width_count(const frc_file *file);
frc_width frc_width_at(const frc_file *file, size_t number);
const char *frc_width_label(const frc_file *file);

/* From now on entries have the shapes of this width. A validated width is compared with its checksum first, which
 * decodes everything once; another one is unvalidated_width unless `force`. No other thread may use the file
 * meanwhile. There is no model file at another than full width. On errors the file stays as it was. */
frc_status frc_set_width(frc_file *file, const int64_t *lengths, size_t groups, int force, const frc_work *work);

/* CRC-32 of what had the CRC-32 `before` (0 for nothing), continued by these bytes. */
uint32_t frc_crc32(uint32_t before, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
