#pragma once
#include <sys/types.h>

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 00000100
#define O_EXCL 00000200
#define O_TRUNC 00001000
#define O_APPEND 00002000
#define O_CLOEXEC 02000000
#if defined(__arm__) || defined(__aarch64__)
#define O_DIRECTORY 00040000
#define O_NOFOLLOW 00100000
#else
#define O_DIRECTORY 00200000
#define O_NOFOLLOW 00400000
#endif

#ifdef __cplusplus
extern "C" {
#endif
int open(const char *, int, ...);
int open64(const char *, int, ...);
int openat(int, const char *, int, ...);
int fcntl(int, int, ...);
int posix_fallocate(int, off_t, off_t);
int posix_fallocate64(int, off64_t, off64_t);
#ifdef __cplusplus
}
#endif
