/* libc.so for the JVM of a Linux with glibc: the few names that only bionic has. All others are found in glibc, which
 * this library needs. A name that both have with other numbers, like sysconf, is in no list of this folder. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int *__errno(void) { return &errno; }

void __assert2(const char *file, int line, const char *function, const char *condition) {
    fprintf(stderr, "%s:%d: %s: assertion \"%s\" failed\n", file, line, function, condition);
    abort();
}
