package io.github.frcodec

import android.content.res.AssetFileDescriptor
import android.content.res.AssetManager
import java.io.IOException

internal fun openAsset(
    assets: AssetManager,
    name: String,
    options: FrcOptions,
    progress: FrcProgress?,
): OpenedFile =
    descriptorOf(assets, name).use {
        openRange("the asset $name", it.parcelFileDescriptor, it.startOffset, it.length, options, progress)
    }

/** The place of an asset in the app's package. */
private fun descriptorOf(
    assets: AssetManager,
    name: String,
): AssetFileDescriptor {
    try {
        return assets.openFd(name)
    } catch (e: IOException) {
        throw if (exists(assets, name)) compressed(name, e) else missing(name, e)
    }
}

private fun exists(
    assets: AssetManager,
    name: String,
): Boolean =
    try {
        assets.open(name).close()
        true
    } catch (_: IOException) {
        false
    }

private fun compressed(
    name: String,
    cause: IOException,
) = FrcException(
    "The asset $name is compressed in the app's package, so it cannot be mapped: add " +
        "androidResources { noCompress += \"frc\" } to the android block of the app's build.gradle.kts",
    FrcCode.UNFIT_APP,
    cause = cause,
)

private fun missing(
    name: String,
    cause: IOException,
) = FrcException("The app has no asset $name: it belongs in src/main/assets", FrcCode.READ_FAILED, cause = cause)
