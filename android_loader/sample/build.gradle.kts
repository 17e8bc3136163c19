plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "io.github.frcodec.sample"
    compileSdk = libs.versions.compileSdk.get().toInt()

    defaultConfig {
        applicationId = "io.github.frcodec.sample"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = libs.versions.compileSdk.get().toInt()
        versionCode = 1
        versionName = libs.versions.frcodec.get()
        // PyTorch Mobile has one more, which frcodec has not.
        ndk { abiFilters += setOf("arm64-v8a", "armeabi-v7a", "x86_64") }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
            signingConfig = signingConfigs.getByName("debug")
        }
    }

    // Stored, not deflated: the loader maps the asset where it lies in the package.
    androidResources { noCompress += "frc" }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

dependencies {
    implementation(project(":frcodec-pytorch"))
}

tasks.named("preBuild") {
    val asset = file("src/main/assets/unet.frc")
    doFirst {
        check(asset.exists()) {
            "$asset is missing. Make it, at the repository's root: python -m android_loader.sample.make_asset unet_fr.pt"
        }
    }
}
