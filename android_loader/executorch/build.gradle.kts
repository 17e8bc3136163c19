plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
}

description = "Loads .frc files into ExecuTorch"

android {
    namespace = "io.github.frcodec.executorch"
}

dependencies {
    api(project(":frcodec"))
    api(libs.executorch.android)
}
