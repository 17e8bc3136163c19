#pragma once

#ifdef __cplusplus
extern "C" {
#endif
void __assert2(const char *, int, const char *, const char *) __attribute__((noreturn));
#ifdef __cplusplus
}
#endif

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : __assert2(__FILE__, __LINE__, __func__, #condition))
#endif
