# Builds for Android without the NDK: clang's own Android targets, the few headers in include/, and libraries that have
# bionic's names but no code (sysroot.py). Flags that the NDK's toolchain file gives are here; those that the project
# chooses are in CMakeLists.txt, which Gradle uses, too. ANDROID_ABI says which of three to build.

set(CMAKE_SYSTEM_NAME Linux)
set(ANDROID TRUE)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ANDROID_ABI FRC_SYSROOT)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

if(ANDROID_ABI STREQUAL "arm64-v8a")
    set(CMAKE_SYSTEM_PROCESSOR aarch64)
    set(target aarch64-linux-android24)
elseif(ANDROID_ABI STREQUAL "armeabi-v7a")
    set(CMAKE_SYSTEM_PROCESSOR armv7-a)
    set(target armv7a-linux-androideabi24)
    set(processor_flags "-march=armv7-a -mthumb -mfpu=neon -mfloat-abi=softfp")
elseif(ANDROID_ABI STREQUAL "x86_64")
    set(CMAKE_SYSTEM_PROCESSOR x86_64)
    set(target x86_64-linux-android24)
else()
    message(FATAL_ERROR "ANDROID_ABI is \"${ANDROID_ABI}\": arm64-v8a, armeabi-v7a or x86_64")
endif()

foreach(language C CXX)
    set(CMAKE_${language}_COMPILER_TARGET ${target})
    set(CMAKE_${language}_FLAGS_INIT
        "-DANDROID -fPIC -g -ffunction-sections -fdata-sections -funwind-tables -fstack-protector-strong ${processor_flags} \
-nostdlibinc -isystem ${CMAKE_CURRENT_LIST_DIR}/include -isystem ${FRC_SYSROOT}/jni")
    set(CMAKE_${language}_STANDARD_LIBRARIES "-L${FRC_SYSROOT} -lm -lbuiltins -lc -ldl")
endforeach()
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
set(CMAKE_SHARED_LINKER_FLAGS_INIT
    "-fuse-ld=lld-19 -nostdlib ${FRC_SYSROOT}/crt.o -Wl,--build-id=sha1 -Wl,--fatal-warnings -Wl,--no-undefined \
-Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--hash-style=both")
