/* frc.h - C interface of the .frc decoder: open a file in memory, decode its tensors, rebuild the model file.
 *
 * The library allocates only through the caller's `frc_memory`, throws no exceptions and checks every size before it
 * allocates. Nothing is handed out before its digest was verified. Terms and error codes are those of the format
 * specification.
 *
 * Thread safety: any number of threads may use an open file at the same time, except for frc_set_width and frc_close,
 * which need exclusive access.
 *
 * Lifetime: pointers that functions return are valid until frc_close, unless stated otherwise. Strings are UTF-8 and
 * null-terminated. */

#ifndef FRC_H
#define FRC_H

#include <stddef.h>
#include <stdint.h>

#include "frc_enums.h"

/* FRC_API marks the exported functions. On Windows, define FRC_DLL to use the library as a DLL, and FRC_BUILD_DLL
 * besides to build it. */
#if defined(_WIN32) && defined(FRC_DLL) && defined(FRC_BUILD_DLL)
#define FRC_API __declspec(dllexport)
#elif defined(_WIN32) && defined(FRC_DLL)
#define FRC_API __declspec(dllimport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define FRC_API __attribute__((visibility("default")))
#else
#define FRC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---- */

#define FRC_VERSION_MAJOR 0
#define FRC_VERSION_MINOR 1
#define FRC_VERSION_PATCH 0
#define FRC_VERSION (FRC_VERSION_MAJOR * 10000 + FRC_VERSION_MINOR * 100 + FRC_VERSION_PATCH)

/* FRC_VERSION of the library, which may differ from that of the header. */
FRC_API uint32_t frc_version(void);

/* ---- Types ---- */

/* Result of a function that can fail. */
typedef struct frc_status {
    frc_code code;       /* FRC_OK on success */
    int32_t entry;       /* position of the tensor concerned; -1 if none */
    int64_t offset;      /* offset in the file of the section concerned; -1 if none */
    const char *message; /* an English sentence with static lifetime; "" on success */
} frc_status;

/* Allocator. Called by all threads that use the file, so it must be thread-safe. */
typedef struct frc_memory {
    void *self;                                          /* passed to the functions */
    void *(*take)(void *self, size_t bytes);             /* allocates, aligned for any type; NULL if out of memory */
    void (*give)(void *self, void *piece, size_t bytes); /* frees what `take` returned for the same size */
} frc_memory;

/* Progress, cancellation and threads of a long call. NULL instead of a frc_work: none of them. */
typedef struct frc_work {
    void *self; /* passed to the functions */

    /* Reports progress, in bytes of `total`; views are not counted. Returns 0 to continue, anything else to cancel
     * (FRC_CANCELLED). Called by the calling thread, at least about once per million weights, but not during the
     * decompression of a lossless stream. May be NULL. */
    int (*progress)(void *self, uint64_t done, uint64_t total);

    /* Calls part(context, worker, i) once for all i < count and returns when all are done. Parts may run concurrently;
     * concurrent ones must have different `worker` numbers < workers. Parts left out cancel the call (FRC_CANCELLED).
     * NULL, or workers < 2: everything runs on the calling thread. */
    void (*run)(void *self, void (*part)(void *context, size_t worker, size_t i), void *context, size_t count);
    size_t workers; /* number of workers of `run` */
} frc_work;

/* An open file. */
typedef struct frc_file frc_file;

/* How an entry is coded. */
typedef enum frc_coding {
    FRC_CODING_LEVELS = 0,   /* quantized */
    FRC_CODING_LOSSLESS = 1, /* compressed bytes */
    FRC_CODING_VIEW = 2      /* a view of another entry */
} frc_coding;

/* A tensor, or a view of one. */
typedef struct frc_entry {
    const char *name;     /* "" if only the model file or views refer to it */
    const int64_t *shape; /* [rank] at the current width; valid until frc_set_width */
    int32_t rank;
    frc_dtype dtype;
    frc_coding coding;
    uint64_t bytes; /* decoded size, in C order and little-endian */
} frc_entry;

/* A validated width. */
typedef struct frc_width {
    const int64_t *lengths; /* [frc_groups] channels of each group */
    const char *score;      /* result of the validation, for display */
    uint64_t multiply_adds; /* of a forward pass */
    uint32_t checksum;      /* CRC-32 of all decoded entries except views */
} frc_width;

/* ---- Files ---- */

/* Opens the file in data[0 … size - 1], which must stay valid and unchanged until frc_close. `max_bytes` limits the
 * decoded size of all entries together, that of the model file and that of its skeleton. `memory` is copied. On success
 * *file is set, otherwise it is NULL. Errors: any of the specification; FRC_OUT_OF_MEMORY. */
FRC_API frc_status frc_open(frc_file **file, const void *data, size_t size, uint64_t max_bytes,
                            const frc_memory *memory);

/* Closes the file and frees all its memory. NULL is ignored. */
FRC_API void frc_close(frc_file *file);

/* ---- Tensors ---- */

/* Number of entries. */
FRC_API size_t frc_entry_count(const frc_file *file);

/* Entry number `position` < frc_entry_count. */
FRC_API frc_entry frc_entry_at(const frc_file *file, size_t position);

/* Position of the entry with a name of `length` bytes, which need not be terminated; -1 if there is none. */
FRC_API int64_t frc_find(const frc_file *file, const char *name, size_t length);

/* Decodes an entry into buffer[0 … size - 1]; `size` must be its `bytes`. Views are copied to C order. A buffer aligned
 * to 8 bytes avoids a copy. After an error the contents of the buffer are undefined. */
FRC_API frc_status frc_decode(const frc_file *file, size_t position, void *buffer, size_t size, const frc_work *work);

/* Decodes several entries; streams that entries share are decoded once. buffers[i] has the `bytes` of entry i, or is
 * NULL to skip it. After an error the contents of the buffers are undefined. */
FRC_API frc_status frc_decode_all(const frc_file *file, void *const *buffers, const frc_work *work);

/* ---- Model file ---- */

/* Whether the model file can be rebuilt: the file holds one and is at full width. */
FRC_API int frc_has_model(const frc_file *file);

/* Size and CRC-32 of the model file; 0 without one. */
FRC_API uint64_t frc_model_bytes(const frc_file *file);
FRC_API uint32_t frc_model_crc(const frc_file *file);

/* Kind of the model file, for display; "" without one. */
FRC_API const char *frc_model_kind(const frc_file *file);

/* Writes the model file sequentially. write(self, bytes, size) returns 0 on success, anything else to stop
 * (FRC_WRITE_FAILED). Needs memory for the largest tensor. The CRC-32 is verified at the end, so the output is valid
 * only if this returns FRC_OK. */
FRC_API frc_status frc_rebuild(const frc_file *file, int (*write)(void *self, const void *bytes, size_t size),
                               void *self, const frc_work *work);

/* Rebuilds the model file in buffer[0 … size - 1]; `size` must be frc_model_bytes. Tensors are decoded in place, so
 * little other memory is needed. A buffer aligned to 64 bytes, for instance a mapped file, avoids copies. */
FRC_API frc_status frc_rebuild_into(const frc_file *file, void *buffer, size_t size, const frc_work *work);

/* ---- Widths ---- */

/* Number of channel groups, and their lengths at full width in *lengths; 0 if the file has full width only. */
FRC_API size_t frc_groups(const frc_file *file, const int64_t **lengths);

/* The validated widths: their number, width `number` < frc_width_count, and what their scores measure. */
FRC_API size_t frc_width_count(const frc_file *file);
FRC_API frc_width frc_width_at(const frc_file *file, size_t number);
FRC_API const char *frc_width_label(const frc_file *file);

/* Changes the width, and with it the shapes of the entries. A validated width is verified first, by decoding everything
 * once. Other widths fail with FRC_UNVALIDATED_WIDTH unless `allow_unvalidated` is nonzero. At any width but full width
 * there is no model file. Needs exclusive access. On an error the width does not change. */
FRC_API frc_status frc_set_width(frc_file *file, const int64_t *lengths, size_t groups, int allow_unvalidated,
                                 const frc_work *work);

/* ---- Checksums ---- */

/* Updates a CRC-32 (that of zlib), 0 at the beginning. */
FRC_API uint32_t frc_crc32(uint32_t crc, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
