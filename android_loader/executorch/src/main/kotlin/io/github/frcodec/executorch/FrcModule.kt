package io.github.frcodec.executorch

import android.content.Context
import io.github.frcodec.FrcCache
import io.github.frcodec.FrcCode
import io.github.frcodec.FrcException
import io.github.frcodec.FrcFile
import io.github.frcodec.FrcProgress
import org.pytorch.executorch.Module

/** Loads models that travel as .frc into ExecuTorch. */
public object FrcModule {
    /**
     * The program of an .frc in the app's assets, rebuilt at the app's first start and found in its [FrcCache] later.
     * Blocks, so call from `Dispatchers.IO`. The module is the caller's to `destroy`. What ExecuTorch throws while it loads
     * the model comes out unchanged.
     *
     * @param asset path of the asset below `assets`, such as "model.frc"; made of a .pte
     * @param sha256 SHA-256 of the asset, as `frcodec bundle` writes it; null computes it
     * @param progress follows the rebuild, and may cancel it
     */
    @JvmStatic
    @JvmOverloads
    @Throws(FrcException::class)
    public fun load(
        context: Context,
        asset: String,
        sha256: String? = null,
        progress: FrcProgress? = null,
    ): Module =
        FrcFile.open(context.assets, asset).use { file ->
            if (file.modelKind != "ExecuTorch") throw misfit(asset, file.modelKind)
            Module.load(FrcCache(context).model(file, asset, sha256, progress = progress).path)
        }

    private fun misfit(
        asset: String,
        kind: String,
    ) = FrcException(
        FrcCode.UNSUPPORTED_MODEL,
        "The asset $asset holds a model file of the kind '$kind', which ExecuTorch cannot run: encode a .pte",
    )
}
