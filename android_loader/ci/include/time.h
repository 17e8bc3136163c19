#pragma once
#include <sys/types.h>

typedef long clock_t;
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
#define CLOCKS_PER_SEC 1000000
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1

#ifdef __cplusplus
extern "C" {
#endif
clock_t clock(void);
int clock_gettime(int, struct timespec *);
#ifdef __cplusplus
}
#endif
