/* Stands in for the NDK's crtbegin_so.o: the library's handle, what runs when it is unloaded, and the note that says
 * for which Android it was built. */

extern void __cxa_finalize(void *);

__attribute__((visibility("hidden"))) void *__dso_handle = &__dso_handle;

__attribute__((destructor)) static void unload(void) { __cxa_finalize(&__dso_handle); }

__attribute__((section(".note.android.ident"), used, aligned(4))) static const struct {
    int name_bytes, data_bytes, type;
    char name[8];
    int api;
    char ndk[64];
    char build[64];
} ident = {8, 132, 1, "Android", 24, "none", "0"};
