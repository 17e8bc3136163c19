/* To be preloaded into an arm64 JVM. Code for Android finds its stack guard 40 bytes behind the thread pointer; this
 * library's block of thread-local memory comes first there, so that nothing changes those bytes. */

#include <stdio.h>
#include <stdlib.h>

static __thread char slots[64] __attribute__((aligned(16), tls_model("initial-exec")));

__attribute__((constructor)) static void check(void) {
    const char *guard = (const char *)__builtin_thread_pointer() + 40;
    if (guard < slots || guard + 8 > slots + sizeof slots) {
        fprintf(stderr, "bionic/tls.c: the stack guard's place is not in this library's memory\n");
        abort();
    }
}
