plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
}

description = "Rebuilds neural networks from .frc files, bit for bit"

android {
    namespace = "io.github.frcodec"
    ndkVersion = libs.versions.ndk.get()

    defaultConfig {
        ndk { abiFilters += setOf("arm64-v8a", "armeabi-v7a", "x86_64") }
        externalNativeBuild {
            cmake {
                // No C++ library is needed; pages of 16 KiB are asked for, whatever the NDK does of itself.
                arguments += listOf("-DANDROID_STL=none", "-DANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES=ON")
                targets += "frcodec_jni"
            }
        }
    }

    externalNativeBuild {
        cmake {
            path = file("../CMakeLists.txt")
            version = libs.versions.cmake.get()
            buildStagingDirectory = layout.buildDirectory.dir("cxx").get().asFile
        }
    }
}
