#pragma once
#include <sys/types.h>

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#ifdef __cplusplus
extern "C" {
#endif
int close(int);
int dup(int);
ssize_t read(int, void *, size_t);
ssize_t write(int, const void *, size_t);
ssize_t pread(int, void *, size_t, off_t);
ssize_t pread64(int, void *, size_t, off64_t);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t pwrite64(int, const void *, size_t, off64_t);
off_t lseek(int, off_t, int);
off64_t lseek64(int, off64_t, int);
int ftruncate(int, off_t);
int ftruncate64(int, off64_t);
int fsync(int);
int fdatasync(int);
int unlink(const char *);
pid_t getpid(void);
int getpagesize(void);
#ifdef __cplusplus
}
#endif
