// What the native methods of io.github.frcodec.FrcNative share: conversions between C++ and Java.
//
// Preconditions of every native, which Kotlin ensures: the handle is open, positions are below the counts, and buffers
// are direct, writable and large enough. Errors of the decoder go into an FrcStatus. A pending Java exception, from a
// progress callback or from the virtual machine, is never replaced.

#pragma once

#include <jni.h>
#include <stddef.h>
#include <stdint.h>

#include "frc.h"
#include "handle.h"

#define NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_io_github_frcodec_FrcNative_##name

namespace frc {

inline Handle *of(jlong handle) { return reinterpret_cast<Handle *>(static_cast<intptr_t>(handle)); }

/// Calls FrcStatus.set, unless the status is a success or an exception is pending.
void report(JNIEnv *env, jobject status, const frc_status &result);

/// The bytes of a text in UTF-8 (NewStringUTF expects Java's modified UTF-8). Null with a pending exception if the
/// virtual machine has no memory, as from longs_of.
jbyteArray bytes_of(JNIEnv *env, const char *text);

jlongArray longs_of(JNIEnv *env, const int64_t *values, size_t count);

constexpr const char *PATH_TOO_LONG = "The path is too long.";

/// A path in UTF-8, terminated by a zero byte.
struct Path {
    char text[4096];
    bool fits;

    Path(JNIEnv *env, jbyteArray bytes);
};

/// Reports progress to an FrcProgress, which may be null, and cancels when that throws. A total of 0 is not reported,
/// so that callbacks can divide by it.
class Work {
  public:
    Work(JNIEnv *env, jobject progress) : env_(env), progress_(progress) {}
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;
    const frc_work *get() const { return progress_ == nullptr ? nullptr : &work_; }

  private:
    static int on_progress(void *self, uint64_t done, uint64_t total);

    JNIEnv *env_;
    jobject progress_;
    const frc_work work_ = {this, on_progress, nullptr, 0};
};

}  // namespace frc
