package io.github.frcodec.executorch

import android.content.Context
import io.github.frcodec.FrcCache
import io.github.frcodec.FrcException
import io.github.frcodec.FrcModelLoader
import io.github.frcodec.FrcProgress
import org.pytorch.executorch.Module

/** Loads .frc assets into ExecuTorch. */
public object FrcModule {
    private val loader =
        FrcModelLoader<Module>("ExecuTorch", "encode a .pte file") {
            when (it) {
                "ExecuTorch" -> Module::load
                else -> null
            }
        }

    /**
     * Loads the program of an asset. The app's first start rebuilds the file; later starts find it in the
     * [FrcCache]. Blocks, so call from `Dispatchers.IO`. The caller owns the module and must `destroy` it. Exceptions of
     * ExecuTorch are not wrapped.
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
