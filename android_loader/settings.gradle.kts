pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "frcodec-android"

include(":frcodec", ":frcodec-pytorch", ":frcodec-executorch", ":sample")
project(":frcodec").projectDir = file("kotlin")
project(":frcodec-pytorch").projectDir = file("pytorch")
project(":frcodec-executorch").projectDir = file("executorch")
