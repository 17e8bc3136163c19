package io.github.frcodec.pytorch

import android.content.Context
import io.github.frcodec.FrcCache
import io.github.frcodec.FrcException
import io.github.frcodec.FrcModelLoader
import io.github.frcodec.FrcProgress
import org.pytorch.LiteModuleLoader
import org.pytorch.Module

/** Loads .frc assets into PyTorch Mobile. */
public object FrcModule {
    // LiteModuleLoader is resolved for lite models only: apps with pytorch_android lack the class.
    private val loader =
        FrcModelLoader<Module>("PyTorch Mobile", "encode a file of torch.jit, best of _save_for_lite_interpreter") {
            when (it) {
                "lite interpreter" -> LiteModuleLoader::load
                "TorchScript" -> Module::load
                else -> null
            }
        }

    /**
     * Loads the model of an asset. The app's first start rebuilds the file; later starts find it in the
     * [FrcCache]. Blocks, so call from `Dispatchers.IO`. The caller owns the module and must `destroy` it. Exceptions of
     * PyTorch Mobile are not wrapped.
     *
     * Models for the lite interpreter (.ptl) need `pytorch_android_lite`, other TorchScript models `pytorch_android`.
     *
     * @param asset path of the asset below `assets`, such as "model.frc"
     * @param sha256 SHA-256 of the asset, as `frcodec bundle` writes it; if null, it is computed
     * @param progress reports the rebuild, and may cancel it
     */
    @JvmStatic
    @JvmOverloads
    @Throws(FrcException::class)
    public fun load(
        context: Context,
        asset: String,
        sha256: String? = null,
        progress: FrcProgress? = null,
    ): Module = loader.load(context, asset, sha256, progress)
}
