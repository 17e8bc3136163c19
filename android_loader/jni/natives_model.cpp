// Natives of FrcNative: the model file.

#include "model_file.h"

#include "frc.h"
#include "handle.h"
#include "posix.h"
#include "support.h"

using frc::of;
using frc::Path;
using frc::report;
using frc::Work;

NATIVE(jboolean, hasModel)(JNIEnv *, jclass, jlong handle) {
    return frc_has_model(of(handle)->file) != 0 ? JNI_TRUE : JNI_FALSE;
}

NATIVE(jlong, modelBytes)(JNIEnv *, jclass, jlong handle) {
    return static_cast<jlong>(frc_model_bytes(of(handle)->file));
}

NATIVE(jlong, modelCrc32)(JNIEnv *, jclass, jlong handle) { return frc_model_crc(of(handle)->file); }

NATIVE(jbyteArray, modelKind)(JNIEnv *env, jclass, jlong handle) {
    return frc::bytes_of(env, frc_model_kind(of(handle)->file));
}

NATIVE(void, rebuild)
(JNIEnv *env, jclass, jlong handle, jbyteArray target_bytes, jobject progress, jobject status) {
    const Path target(env, target_bytes);
    const Work work(env, progress);
    report(env, status,
           target.fits ? frc::rebuild_to_file(of(handle)->file, target.text, work.get())
                       : frc::failure(frc::Code::WRITE_FAILED, frc::PATH_TOO_LONG));
}
