plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
}

description = "Loads .frc files into PyTorch Mobile"

android {
    namespace = "io.github.frcodec.pytorch"
}

dependencies {
    api(project(":frcodec"))
    api(libs.pytorch.android.lite)
}
