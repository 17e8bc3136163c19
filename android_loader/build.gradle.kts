import com.android.build.api.dsl.LibraryExtension
import org.jetbrains.kotlin.gradle.dsl.JvmTarget
import org.jetbrains.kotlin.gradle.dsl.KotlinAndroidProjectExtension

plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.android) apply false
}

// Accessors of the catalog are not there inside of `subprojects`.
val release = libs.versions.frcodec.get()
val compileLevel = libs.versions.compileSdk.get().toInt()
val leastLevel = libs.versions.minSdk.get().toInt()
val output = layout.projectDirectory.dir("../build/android/gradle")

layout.buildDirectory = output.dir("root")

subprojects {
    group = "io.github.frcodec"
    version = release
    layout.buildDirectory = output.dir(name)

    plugins.withId("org.jetbrains.kotlin.android") {
        configure<KotlinAndroidProjectExtension> {
            compilerOptions { jvmTarget = JvmTarget.JVM_1_8 }
        }
    }

    // What the libraries have in common: which Android they run on, a strict interface, and how they are published.
    plugins.withId("com.android.library") {
        apply(plugin = "maven-publish")

        configure<LibraryExtension> {
            compileSdk = compileLevel
            defaultConfig {
                minSdk = leastLevel
                consumerProguardFiles("consumer-rules.pro")
            }
            compileOptions {
                sourceCompatibility = JavaVersion.VERSION_1_8
                targetCompatibility = JavaVersion.VERSION_1_8
            }
            publishing { singleVariant("release") { withSourcesJar() } }
        }

        plugins.withId("org.jetbrains.kotlin.android") {
            configure<KotlinAndroidProjectExtension> { explicitApi() }
        }

        // Kept until evaluation, since the component is made then.
        afterEvaluate {
            configure<PublishingExtension> {
                repositories {
                    maven {
                        name = "folder"
                        url = uri(output.dir("maven").asFile)
                    }
                }
                publications {
                    register<MavenPublication>("release") {
                        from(components["release"])
                        artifactId = project.name
                        pom {
                            name = project.name
                            description = project.description
                            licenses {
                                license {
                                    name = "Apache-2.0"
                                    url = "https://www.apache.org/licenses/LICENSE-2.0"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
