// Natives of FrcNative: groups of channels and widths.

#include "frc.h"
#include "handle.h"
#include "support.h"

using frc::of;
using frc::report;
using frc::Work;

NATIVE(jlongArray, groups)(JNIEnv *env, jclass, jlong handle) {
    const int64_t *lengths = nullptr;
    const size_t count = frc_groups(of(handle)->file, &lengths);
    return frc::longs_of(env, lengths, count);
}

NATIVE(jbyteArray, widthLabel)(JNIEnv *env, jclass, jlong handle) {
    return frc::bytes_of(env, frc_width_label(of(handle)->file));
}

NATIVE(jint, widthCount)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jint>(frc_width_count(of(handle)->file));
}

NATIVE(jlongArray, widthLengths)(JNIEnv *env, jclass, jlong handle, jint number) {
    const int64_t *full = nullptr;
    const size_t groups = frc_groups(of(handle)->file, &full);
    return frc::longs_of(env, frc_width_at(of(handle)->file, static_cast<size_t>(number)).lengths, groups);
}

NATIVE(jbyteArray, widthScore)(JNIEnv *env, jclass, jlong handle, jint number) {
    return frc::bytes_of(env, frc_width_at(of(handle)->file, static_cast<size_t>(number)).score);
}

NATIVE(jlong, widthMultiplyAdds)(JNIEnv *, jclass, jlong handle, jint number) {
    return static_cast<jlong>(frc_width_at(of(handle)->file, static_cast<size_t>(number)).multiply_adds);
}

NATIVE(void, setWidth)
(JNIEnv *env, jclass, jlong handle, jlongArray lengths, jboolean allow_unvalidated, jobject progress, jobject status) {
    jlong *values = env->GetLongArrayElements(lengths, nullptr);
    if (values == nullptr) return;
    const Work work(env, progress);
    const frc_status result =
        frc_set_width(of(handle)->file, reinterpret_cast<const int64_t *>(values),
                      static_cast<size_t>(env->GetArrayLength(lengths)), allow_unvalidated != JNI_FALSE, work.get());
    env->ReleaseLongArrayElements(lengths, values, JNI_ABORT);
    report(env, status, result);
}
