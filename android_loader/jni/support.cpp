#include "support.h"

#include <string.h>

namespace {

jmethodID status_set;
jmethodID progress_on_progress;

/// A method of a class that stays loaded as long as this library. Null with a pending exception if there is none.
jmethodID find_method(JNIEnv *env, const char *class_name, const char *name, const char *signature) {
    jclass owner = env->FindClass(class_name);
    if (owner == nullptr || env->NewGlobalRef(owner) == nullptr) return nullptr;
    return env->GetMethodID(owner, name, signature);
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

namespace frc {

void report(JNIEnv *env, jobject status, const frc_status &result) {
    if (result.code == 0 || env->ExceptionCheck()) return;
    jstring message = env->NewStringUTF(result.message);
    if (message == nullptr) return;
    env->CallVoidMethod(status, status_set, static_cast<jint>(result.code), static_cast<jint>(result.entry),
                        static_cast<jlong>(result.offset), message);
}

jbyteArray bytes_of(JNIEnv *env, const char *text) {
    const jsize length = static_cast<jsize>(strlen(text));
    jbyteArray array = env->NewByteArray(length);
    if (array != nullptr) env->SetByteArrayRegion(array, 0, length, reinterpret_cast<const jbyte *>(text));
    return array;
}

static_assert(sizeof(jlong) == sizeof(int64_t), "arrays of jlong are read as arrays of int64_t");

jlongArray longs_of(JNIEnv *env, const int64_t *values, size_t count) {
    jlongArray array = env->NewLongArray(static_cast<jsize>(count));
    if (array != nullptr)
        env->SetLongArrayRegion(array, 0, static_cast<jsize>(count), reinterpret_cast<const jlong *>(values));
    return array;
}

Path::Path(JNIEnv *env, jbyteArray bytes) {
    const jsize length = env->GetArrayLength(bytes);
    fits = static_cast<size_t>(length) < sizeof text;
    if (!fits) return;
    env->GetByteArrayRegion(bytes, 0, length, reinterpret_cast<jbyte *>(text));
    text[length] = 0;
}

int Work::on_progress(void *self, uint64_t done, uint64_t total) {
    if (total == 0) return 0;
    const Work *work = static_cast<Work *>(self);
    work->env_->CallVoidMethod(work->progress_, progress_on_progress, static_cast<jlong>(done),
                               static_cast<jlong>(total));
    return work->env_->ExceptionCheck() ? 1 : 0;
}

}  // namespace frc
