#pragma once
#include <sys/types.h>

#define S_IFMT 00170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)

/* The kernel's structure: of 64-bit sizes everywhere, in another order on each processor. */
#define STAT_TIMES               \
    long st_atime;               \
    unsigned long st_atime_nsec; \
    long st_mtime;               \
    unsigned long st_mtime_nsec; \
    long st_ctime;               \
    unsigned long st_ctime_nsec;

#if defined(__aarch64__)
#define STAT_FIELDS        \
    unsigned long st_dev;  \
    unsigned long st_ino;  \
    unsigned int st_mode;  \
    unsigned int st_nlink; \
    uid_t st_uid;          \
    gid_t st_gid;          \
    unsigned long st_rdev; \
    unsigned long pad1;    \
    long st_size;          \
    int st_blksize;        \
    int pad2;              \
    long st_blocks;        \
    STAT_TIMES             \
    unsigned int unused[2];
#elif defined(__x86_64__)
#define STAT_FIELDS         \
    unsigned long st_dev;   \
    unsigned long st_ino;   \
    unsigned long st_nlink; \
    unsigned int st_mode;   \
    uid_t st_uid;           \
    gid_t st_gid;           \
    unsigned int pad1;      \
    unsigned long st_rdev;  \
    long st_size;           \
    long st_blksize;        \
    long st_blocks;         \
    STAT_TIMES              \
    long unused[3];
#else
#define STAT_FIELDS               \
    unsigned long long st_dev;    \
    unsigned char pad1[4];        \
    unsigned long short_ino;      \
    unsigned int st_mode;         \
    unsigned int st_nlink;        \
    uid_t st_uid;                 \
    gid_t st_gid;                 \
    unsigned long long st_rdev;   \
    unsigned char pad2[4];        \
    long long st_size;            \
    unsigned long st_blksize;     \
    unsigned long long st_blocks; \
    STAT_TIMES                    \
    unsigned long long st_ino;
#endif

struct stat {
    STAT_FIELDS
};
struct stat64 {
    STAT_FIELDS
};

#ifdef __cplusplus
extern "C" {
#endif
int fstat(int, struct stat *);
int fstat64(int, struct stat64 *);
int stat(const char *, struct stat *);
int stat64(const char *, struct stat64 *);
int mkdir(const char *, mode_t);
#ifdef __cplusplus
}
#endif
