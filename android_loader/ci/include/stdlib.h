#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
void *malloc(size_t);
void *calloc(size_t, size_t);
void *realloc(void *, size_t);
int posix_memalign(void **, size_t, size_t);
void free(void *);
void abort(void) __attribute__((noreturn));
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
char *getenv(const char *);
#ifdef __cplusplus
}
#endif
