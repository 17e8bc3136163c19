#pragma once
#include <stdarg.h>
#include <sys/types.h>

typedef struct __sFILE FILE;

#ifdef __cplusplus
extern "C" {
#endif
extern FILE *stdin, *stdout, *stderr;
int printf(const char *, ...);
int fprintf(FILE *, const char *, ...);
int snprintf(char *, size_t, const char *, ...);
int vsnprintf(char *, size_t, const char *, va_list);
int fflush(FILE *);
int rename(const char *, const char *);
int remove(const char *);
#ifdef __cplusplus
}
#endif
