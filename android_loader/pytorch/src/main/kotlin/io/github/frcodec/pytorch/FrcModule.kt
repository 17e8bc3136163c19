package io.github.frcodec.pytorch

import android.content.Context
import io.github.frcodec.FrcCache
import io.github.frcodec.FrcCode
import io.github.frcodec.FrcException
import io.github.frcodec.FrcFile
import io.github.frcodec.FrcProgress
import org.pytorch.LiteModuleLoader
import org.pytorch.Module

/** Loads models that travel as .frc into PyTorch Mobile. */
public object FrcModule {
    /**
     * The model of an .frc in the app's assets, rebuilt at the app's first start and found in its [FrcCache] later.
     * Blocks, so call from `Dispatchers.IO`. The module is the caller's to `destroy`. What PyTorch Mobile throws while it loads
     * the model comes out unchanged.
     *
     * Models saved for the lite interpreter (.ptl) need `pytorch_android_lite`, other TorchScript `pytorch_android`.
     *
     * @param asset path of the asset below `assets`, such as "model.frc"
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
            val loader = loaderOf(file.modelKind, asset)
            loader(FrcCache(context).model(file, asset, sha256, progress = progress).path)
        }

    private fun loaderOf(
        kind: String,
        asset: String,
    ): (String) -> Module =
        when (kind) {
            "lite interpreter" -> LiteModuleLoader::load

            "TorchScript" -> Module::load

            else -> throw FrcException(
                FrcCode.UNSUPPORTED_MODEL,
                "The asset $asset holds a model file of the kind '$kind', which PyTorch Mobile cannot run: " +
                    "encode what torch.jit saved, best with _save_for_lite_interpreter",
            )
        }
}
