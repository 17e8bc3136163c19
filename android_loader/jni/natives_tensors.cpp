// Natives of FrcNative: entries and their decoding.

#include "frc.h"
#include "handle.h"
#include "posix.h"
#include "support.h"

using frc::of;
using frc::report;
using frc::Work;

NATIVE(jint, entryCount)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jint>(frc_entry_count(of(handle)->file));
}

NATIVE(jbyteArray, entryName)(JNIEnv *env, jclass, jlong handle, jint position) {
    return frc::bytes_of(env, frc_entry_at(of(handle)->file, static_cast<size_t>(position)).name);
}

NATIVE(jint, entryDType)(JNIEnv *, jclass, jlong handle, jint position) {
    return frc_entry_at(of(handle)->file, static_cast<size_t>(position)).dtype;
}

NATIVE(jlong, entryBytes)(JNIEnv *, jclass, jlong handle, jint position) {
    return static_cast<jlong>(frc_entry_at(of(handle)->file, static_cast<size_t>(position)).bytes);
}

NATIVE(jlongArray, entryShape)(JNIEnv *env, jclass, jlong handle, jint position) {
    const frc_entry entry = frc_entry_at(of(handle)->file, static_cast<size_t>(position));
    return frc::longs_of(env, entry.shape, static_cast<size_t>(entry.rank));
}

NATIVE(void, decode)
(JNIEnv *env, jclass, jlong handle, jint position, jobject buffer, jint offset, jint size, jobject progress,
 jobject status) {
    uint8_t nothing = 0;
    void *start = size == 0 ? &nothing : static_cast<uint8_t *>(env->GetDirectBufferAddress(buffer)) + offset;
    const Work work(env, progress);
    report(env, status,
           frc_decode(of(handle)->file, static_cast<size_t>(position), start, static_cast<size_t>(size), work.get()));
}

NATIVE(void, decodeAll)
(JNIEnv *env, jclass, jlong handle, jobjectArray buffers, jobject progress, jobject status) {
    const size_t count = frc_entry_count(of(handle)->file), bytes = count * sizeof(void *);
    const frc_memory &memory = frc::HEAP;
    void **places = static_cast<void **>(memory.take(memory.self, bytes));
    if (places == nullptr) {
        return report(env, status, frc::failure(frc::Code::OUT_OF_MEMORY, "No memory is left to decode the file."));
    }
    for (size_t i = 0; i < count; ++i) {
        jobject buffer = env->GetObjectArrayElement(buffers, static_cast<jsize>(i));
        places[i] = buffer == nullptr ? nullptr : env->GetDirectBufferAddress(buffer);
        env->DeleteLocalRef(buffer);
    }
    const Work work(env, progress);
    report(env, status, frc_decode_all(of(handle)->file, places, work.get()));
    memory.give(memory.self, places, bytes);
}
