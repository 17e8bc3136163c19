#pragma once
#include <stddef.h>
#include <stdint.h>

typedef intptr_t ssize_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef int64_t off64_t;
#ifdef __LP64__
typedef int64_t off_t;
typedef int64_t time_t;
#else
typedef int32_t off_t;
typedef int32_t time_t;
#endif
