#pragma once
#include <time.h>

#ifdef __LP64__
typedef struct {
    int32_t words[10];
} pthread_mutex_t;
typedef struct {
    int32_t words[12];
} pthread_cond_t;
#else
typedef struct {
    int32_t words[1];
} pthread_mutex_t;
typedef struct {
    int32_t words[1];
} pthread_cond_t;
#endif
typedef long pthread_t;
typedef long pthread_mutexattr_t;
typedef long pthread_condattr_t;
typedef struct pthread_attr pthread_attr_t;

#ifdef __cplusplus
extern "C" {
#endif
int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *);
int pthread_mutex_destroy(pthread_mutex_t *);
int pthread_mutex_lock(pthread_mutex_t *);
int pthread_mutex_unlock(pthread_mutex_t *);
int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *);
int pthread_cond_destroy(pthread_cond_t *);
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);
int pthread_cond_signal(pthread_cond_t *);
int pthread_cond_broadcast(pthread_cond_t *);
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_join(pthread_t, void **);
#ifdef __cplusplus
}
#endif
