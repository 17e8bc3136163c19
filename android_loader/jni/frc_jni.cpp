// The native methods of io.github.frcodec.FrcNative. Handles are valid and alive, and buffers direct, writable and
// large enough: Kotlin has seen to it. What the decoder reports goes into an FrcStatus; an exception that is pending
// already, from a progress callback or from the virtual machine, is left as it is.

#include <jni.h>
#include <string.h>

#include "base/constants.h"
#include "frc.h"
#include "handle.h"
#include "model_file.h"
#include "posix.h"

#define NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_io_github_frcodec_FrcNative_##name

namespace {

using frc::Handle;

jmethodID status_set;
jmethodID progress_on_progress;

Handle *of(jlong handle) { return reinterpret_cast<Handle *>(static_cast<intptr_t>(handle)); }

void report(JNIEnv *env, jobject status, const frc_status &found) {
    if (found.code == 0 || env->ExceptionCheck()) return;
    jstring message = env->NewStringUTF(found.message);
    if (message == nullptr) return;
    env->CallVoidMethod(status, status_set, static_cast<jint>(found.code), static_cast<jint>(found.entry),
                        static_cast<jlong>(found.offset), message);
}

/// Text that is UTF-8 as it is; NewStringUTF would take Java's own variant.
jbyteArray bytes_of(JNIEnv *env, const char *text) {
    const jsize length = static_cast<jsize>(strlen(text));
    jbyteArray array = env->NewByteArray(length);
    if (array != nullptr) env->SetByteArrayRegion(array, 0, length, reinterpret_cast<const jbyte *>(text));
    return array;
}

static_assert(sizeof(jlong) == sizeof(int64_t), "arrays of long are arrays of int64_t");

jlongArray longs_of(JNIEnv *env, const int64_t *values, size_t count) {
    jlongArray array = env->NewLongArray(static_cast<jsize>(count));
    if (array != nullptr)
        env->SetLongArrayRegion(array, 0, static_cast<jsize>(count), reinterpret_cast<const jlong *>(values));
    return array;
}

/// A path in UTF-8 for the system.
struct Path {
    char text[4096];
    bool fits;

    Path(JNIEnv *env, jbyteArray bytes) {
        const jsize length = env->GetArrayLength(bytes);
        fits = static_cast<size_t>(length) < sizeof text;
        if (!fits) return;
        env->GetByteArrayRegion(bytes, 0, length, reinterpret_cast<jbyte *>(text));
        text[length] = 0;
    }
};

constexpr const char *LONG_PATH = "The path is too long.";

/// Work that tells a Java object how far it is, and stops when that throws. Where no bytes are to be made nothing is
/// told: a total of 0 has no per cent.
class Work {
  public:
    Work(JNIEnv *env, jobject progress) : env_(env), progress_(progress) {}
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;
    const frc_work *get() const { return progress_ == nullptr ? nullptr : &work_; }

  private:
    static int tell(void *self, uint64_t done, uint64_t total) {
        if (total == 0) return 0;
        const Work *work = static_cast<Work *>(self);
        work->env_->CallVoidMethod(work->progress_, progress_on_progress, static_cast<jlong>(done),
                                   static_cast<jlong>(total));
        return work->env_->ExceptionCheck() ? 1 : 0;
    }

    JNIEnv *env_;
    jobject progress_;
    const frc_work work_ = {this, tell, nullptr, 0};
};

/// Open what the handle's data are; the handle is Java's, or gone.
jlong open(JNIEnv *env, Handle *handle, frc_status found, jlong max_bytes, jobject status) {
    if (found.code == 0)
        found =
            frc_open(&handle->file, handle->data, handle->size, static_cast<uint64_t>(max_bytes), &frc::COUNTED_MEMORY);
    if (found.code == 0) return static_cast<jlong>(reinterpret_cast<intptr_t>(handle));
    frc::delete_handle(handle);
    report(env, status, found);
    return 0;
}

jlong open_mapping(JNIEnv *env, Handle *handle, const frc_status &found, jlong max_bytes, jobject status) {
    handle->data = handle->mapping.data();
    handle->size = handle->mapping.size();
    return open(env, handle, found, max_bytes, status);
}

Handle *handle_or_report(JNIEnv *env, jobject status) {
    Handle *handle = frc::new_handle();
    if (handle == nullptr)
        report(env, status, frc::failure(frc::Code::OUT_OF_MEMORY, "No memory is left to open the file."));
    return handle;
}

/// The method of a class that stays loaded as long as this library.
jmethodID find_method(JNIEnv *env, const char *class_name, const char *name, const char *signature) {
    jclass found = env->FindClass(class_name);
    if (found == nullptr || env->NewGlobalRef(found) == nullptr) return nullptr;
    return env->GetMethodID(found, name, signature);
}

}  // namespace

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *) {
    void *env = nullptr;
    if (vm->GetEnv(&env, JNI_VERSION_1_6) != JNI_OK) return JNI_ERR;
    JNIEnv *jni = static_cast<JNIEnv *>(env);
    status_set = find_method(jni, "io/github/frcodec/FrcStatus", "set", "(IIJLjava/lang/String;)V");
    if (status_set == nullptr) return JNI_ERR;
    progress_on_progress = find_method(jni, "io/github/frcodec/FrcProgress", "onProgress", "(JJ)V");
    return progress_on_progress == nullptr ? JNI_ERR : JNI_VERSION_1_6;
}

NATIVE(jlong, openPath)(JNIEnv *env, jclass, jbyteArray path_bytes, jlong max_bytes, jobject status) {
    const Path path(env, path_bytes);
    Handle *handle = handle_or_report(env, status);
    if (handle == nullptr) return 0;
    const frc_status found =
        path.fits ? handle->mapping.map_path(path.text) : frc::failure(frc::Code::READ_FAILED, LONG_PATH);
    return open_mapping(env, handle, found, max_bytes, status);
}

NATIVE(jlong, openDescriptor)
(JNIEnv *env, jclass, jint descriptor, jlong offset, jlong length, jlong max_bytes, jobject status) {
    Handle *handle = handle_or_report(env, status);
    if (handle == nullptr) return 0;
    const frc_status found =
        handle->mapping.map_range(descriptor, static_cast<uint64_t>(offset), static_cast<uint64_t>(length));
    return open_mapping(env, handle, found, max_bytes, status);
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
    // A view is read through asReadOnlyBuffer only.
    return env->NewDirectByteBuffer(const_cast<uint8_t *>(of(handle)->data) + offset, size);
}

NATIVE(jint, entryCount)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jint>(frc_entry_count(of(handle)->file));
}

NATIVE(jbyteArray, entryName)(JNIEnv *env, jclass, jlong handle, jint position) {
    return bytes_of(env, frc_entry_at(of(handle)->file, static_cast<size_t>(position)).name);
}

NATIVE(jint, entryDType)(JNIEnv *, jclass, jlong handle, jint position) {
    return frc_entry_at(of(handle)->file, static_cast<size_t>(position)).dtype;
}

NATIVE(jlong, entryBytes)(JNIEnv *, jclass, jlong handle, jint position) {
    return static_cast<jlong>(frc_entry_at(of(handle)->file, static_cast<size_t>(position)).bytes);
}

NATIVE(jlongArray, entryShape)(JNIEnv *env, jclass, jlong handle, jint position) {
    const frc_entry entry = frc_entry_at(of(handle)->file, static_cast<size_t>(position));
    return longs_of(env, entry.shape, static_cast<size_t>(entry.rank));
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
    const frc_memory &memory = frc::COUNTED_MEMORY;
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

NATIVE(jboolean, hasModel)(JNIEnv *, jclass, jlong handle) {
    return frc_has_model(of(handle)->file) != 0 ? JNI_TRUE : JNI_FALSE;
}

NATIVE(jlong, modelBytes)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jlong>(frc_model_bytes(of(handle)->file));
}

NATIVE(jlong, modelCrc32)(JNIEnv *, jclass, jlong handle) { return frc_model_crc(of(handle)->file); }

NATIVE(jbyteArray, modelKind)(JNIEnv *env, jclass, jlong handle) {
    return bytes_of(env, frc_model_kind(of(handle)->file));
}

NATIVE(void, rebuild)
(JNIEnv *env, jclass, jlong handle, jbyteArray target_bytes, jobject progress, jobject status) {
    const Path target(env, target_bytes);
    const Work work(env, progress);
    report(env, status,
           target.fits ? frc::rebuild_to_file(of(handle)->file, target.text, work.get())
                       : frc::failure(frc::Code::WRITE_FAILED, LONG_PATH));
}

NATIVE(jlongArray, groups)(JNIEnv *env, jclass, jlong handle) {
    const int64_t *lengths = nullptr;
    const size_t count = frc_groups(of(handle)->file, &lengths);
    return longs_of(env, lengths, count);
}

NATIVE(jbyteArray, widthLabel)(JNIEnv *env, jclass, jlong handle) {
    return bytes_of(env, frc_width_label(of(handle)->file));
}

NATIVE(jint, widthCount)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jint>(frc_width_count(of(handle)->file));
}

NATIVE(jlongArray, widthLengths)(JNIEnv *env, jclass, jlong handle, jint number) {
    const int64_t *full = nullptr;
    const size_t groups = frc_groups(of(handle)->file, &full);
    return longs_of(env, frc_width_at(of(handle)->file, static_cast<size_t>(number)).lengths, groups);
}

NATIVE(jbyteArray, widthScore)(JNIEnv *env, jclass, jlong handle, jint number) {
    return bytes_of(env, frc_width_at(of(handle)->file, static_cast<size_t>(number)).score);
}

NATIVE(jlong, widthMultiplyAdds)(JNIEnv *, jclass, jlong handle, jint number) {
    return static_cast<jlong>(frc_width_at(of(handle)->file, static_cast<size_t>(number)).multiply_adds);
}

NATIVE(void, setWidth)
(JNIEnv *env, jclass, jlong handle, jlongArray lengths, jboolean force, jobject progress, jobject status) {
    jlong *values = env->GetLongArrayElements(lengths, nullptr);
    if (values == nullptr) return;
    const Work work(env, progress);
    const frc_status found =
        frc_set_width(of(handle)->file, reinterpret_cast<const int64_t *>(values),
                      static_cast<size_t>(env->GetArrayLength(lengths)), force != JNI_FALSE, work.get());
    env->ReleaseLongArrayElements(lengths, values, JNI_ABORT);
    report(env, status, found);
}

NATIVE(jlong, openHandles)(JNIEnv *, jclass) { return static_cast<jlong>(frc::open_handles()); }

NATIVE(jlong, heldBytes)(JNIEnv *, jclass) { return static_cast<jlong>(frc::held_bytes()); }
