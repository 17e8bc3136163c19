// Natives of FrcNative: opening and closing, and the bytes of the .frc.

#include "frc.h"
#include "handle.h"
#include "posix.h"
#include "support.h"

using frc::Handle;
using frc::of;
using frc::Path;
using frc::report;

namespace {

/// Open the handle's data. The handle is Java's if this succeeds, and deleted if not; then 0.
jlong open(JNIEnv *env, Handle *handle, frc_status result, jlong max_bytes, jobject status) {
    if (result.code == 0)
        result = frc_open(&handle->file, handle->data, handle->size, static_cast<uint64_t>(max_bytes), &frc::HEAP);
    if (result.code == 0) return static_cast<jlong>(reinterpret_cast<intptr_t>(handle));
    frc::delete_handle(handle);
    report(env, status, result);
    return 0;
}

jlong open_mapping(JNIEnv *env, Handle *handle, const frc_status &result, jlong max_bytes, jobject status) {
    handle->data = handle->mapping.data();
    handle->size = handle->mapping.size();
    return open(env, handle, result, max_bytes, status);
}

Handle *handle_or_report(JNIEnv *env, jobject status) {
    Handle *handle = frc::new_handle();
    if (handle == nullptr)
        report(env, status, frc::failure(frc::Code::OUT_OF_MEMORY, "No memory is left to open the file."));
    return handle;
}

}  // namespace

NATIVE(jlong, openPath)(JNIEnv *env, jclass, jbyteArray path_bytes, jlong max_bytes, jobject status) {
    const Path path(env, path_bytes);
    Handle *handle = handle_or_report(env, status);
    if (handle == nullptr) return 0;
    const frc_status result =
        path.fits ? handle->mapping.map_path(path.text) : frc::failure(frc::Code::READ_FAILED, frc::PATH_TOO_LONG);
    return open_mapping(env, handle, result, max_bytes, status);
}

NATIVE(jlong, openDescriptor)
(JNIEnv *env, jclass, jint descriptor, jlong offset, jlong length, jlong max_bytes, jobject status) {
    Handle *handle = handle_or_report(env, status);
    if (handle == nullptr) return 0;
    const frc_status result =
        handle->mapping.map_range(descriptor, static_cast<uint64_t>(offset), static_cast<uint64_t>(length));
    return open_mapping(env, handle, result, max_bytes, status);
}

NATIVE(jlong, openBuffer)(JNIEnv *env, jclass, jobject buffer, jlong max_bytes, jobject status) {
    Handle *handle = handle_or_report(env, status);
    if (handle == nullptr) return 0;
    handle->size = static_cast<size_t>(env->GetDirectBufferCapacity(buffer));
    handle->data =
        handle->size == 0 ? handle->mapping.data() : static_cast<const uint8_t *>(env->GetDirectBufferAddress(buffer));
    return open(env, handle, frc::SUCCESS, max_bytes, status);
}

NATIVE(void, close)(JNIEnv *, jclass, jlong handle) { frc::delete_handle(of(handle)); }

NATIVE(jlong, size)(JNIEnv *, jclass, jlong handle) { return static_cast<jlong>(of(handle)->size); }

NATIVE(jobject, view)(JNIEnv *env, jclass, jlong handle, jlong offset, jlong size) {
    // NewDirectByteBuffer makes writable buffers only; Kotlin reads a view through asReadOnlyBuffer.
    return env->NewDirectByteBuffer(const_cast<uint8_t *>(of(handle)->data) + offset, size);
}
