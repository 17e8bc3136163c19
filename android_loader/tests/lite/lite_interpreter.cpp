/// Natives of org.pytorch.NativeModule: the lite interpreter of desktop PyTorch behind PyTorch Mobile's Java API.

#include <jni.h>

#include <ATen/core/ivalue.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/mobile/import.h>
#include <torch/csrc/jit/mobile/module.h>

#include <exception>
#include <string>
#include <vector>

namespace {

using torch::jit::mobile::Module;

/// Runs `work`; what it throws becomes a Java exception.
template <typename Work>
auto guarded(JNIEnv *env, Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception &error) {
        env->ThrowNew(env->FindClass("java/lang/RuntimeException"), error.what());
        return {};
    }
}

jlongArray sizes_of(JNIEnv *env, const at::Tensor &tensor) {
    std::vector<jlong> sizes(tensor.sizes().begin(), tensor.sizes().end());
    const auto count = static_cast<jsize>(sizes.size());
    jlongArray array = env->NewLongArray(count);
    env->SetLongArrayRegion(array, 0, count, sizes.data());
    return array;
}

}  // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_org_pytorch_NativeModule_load(JNIEnv *env, jclass, jstring path) {
    const char *characters = env->GetStringUTFChars(path, nullptr);
    const std::string name(characters);
    env->ReleaseStringUTFChars(path, characters);
    return guarded(env, [&] { return reinterpret_cast<jlong>(new Module(torch::jit::_load_for_mobile(name))); });
}

JNIEXPORT void JNICALL Java_org_pytorch_NativeModule_destroy(JNIEnv *, jclass, jlong module) {
    delete reinterpret_cast<Module *>(module);
}

/// Puts the shape of the output into shape_out[0] and returns its elements.
JNIEXPORT jfloatArray JNICALL Java_org_pytorch_NativeModule_forward(JNIEnv *env, jclass, jlong module, jobject input,
                                                                    jlongArray shape, jobjectArray shape_out) {
    return guarded(env, [&]() -> jfloatArray {
        const c10::InferenceMode guard;
        std::vector<int64_t> sizes(static_cast<size_t>(env->GetArrayLength(shape)));
        env->GetLongArrayRegion(shape, 0, static_cast<jsize>(sizes.size()), reinterpret_cast<jlong *>(sizes.data()));
        const at::Tensor tensor = at::from_blob(env->GetDirectBufferAddress(input), sizes);
        const at::Tensor output = reinterpret_cast<Module *>(module)->forward({tensor}).toTensor().contiguous();
        env->SetObjectArrayElement(shape_out, 0, sizes_of(env, output));
        const auto count = static_cast<jsize>(output.numel());
        jfloatArray elements = env->NewFloatArray(count);
        env->SetFloatArrayRegion(elements, 0, count, output.data_ptr<float>());
        return elements;
    });
}

}  // extern "C"
