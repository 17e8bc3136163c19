# Builds programs for an emulated Linux on ARM, by the compiler and with the instructions of the Android build.
# ANDROID_ABI says whose instructions, FRC_ROOT where the system's headers and libraries are (foreign).

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ANDROID_ABI FRC_ROOT)

if(ANDROID_ABI STREQUAL "arm64-v8a")
    set(CMAKE_SYSTEM_PROCESSOR aarch64)
    set(target aarch64-linux-gnu)
elseif(ANDROID_ABI STREQUAL "armeabi-v7a")
    set(CMAKE_SYSTEM_PROCESSOR armv7-a)
    set(target armv7a-linux-gnueabi)
    set(processor_flags "-march=armv7-a -mthumb -mfpu=neon -mfloat-abi=softfp")
else()
    message(FATAL_ERROR "ANDROID_ABI is \"${ANDROID_ABI}\": arm64-v8a or armeabi-v7a")
endif()

foreach(language C CXX)
    set(CMAKE_${language}_COMPILER_TARGET ${target})
    set(CMAKE_${language}_FLAGS_INIT "${processor_flags}")
endforeach()
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_SYSROOT ${FRC_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld-19 -static")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-fuse-ld=lld-19")
