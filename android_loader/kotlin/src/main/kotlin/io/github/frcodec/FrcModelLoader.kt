package io.github.frcodec

import android.content.Context

/**
 * Loads models from the app's assets into a runtime, through the app's [FrcCache]. The modules for PyTorch Mobile and
 * ExecuTorch are made with it; it serves any runtime that loads a model by its path.
 *
 * Immutable, and safe for use by any number of threads if [loaders] is.
 *
 * @param runtime name of the runtime, for messages
 * @param advice how to make a file that the runtime can load, for the message of [FrcCode.UNSUPPORTED_MODEL]
 * @param loaders the function that loads a model file of a kind ([FrcFile.modelKind]) by its path, or null if the runtime
 *   does not support the kind
 */
public class FrcModelLoader<M : Any>(
    private val runtime: String,
    private val advice: String,
    private val loaders: (kind: String) -> ((path: String) -> M)?,
) {
    /**
     * Loads the model of an asset. The app's first start rebuilds the model file; later starts find it in the cache.
     * Blocks, so call from `Dispatchers.IO`. The caller owns the model. Exceptions of the runtime are not wrapped.
     *
     * @param asset path of the asset below `assets`, such as "model.frc"
     * @param sha256 SHA-256 of the asset, as `frcodec bundle` writes it; if null, it is computed
     * @param progress reports the rebuild, and may cancel it
     */
    @JvmOverloads
    @Throws(FrcException::class)
    public fun load(
        context: Context,
        asset: String,
        sha256: String? = null,
        progress: FrcProgress? = null,
    ): M =
        FrcFile.open(context.assets, asset).use { file ->
            val load = loaders(file.modelKind) ?: throw unsupported(asset, file.modelKind)
            load(FrcCache(context).model(file, asset, sha256, progress = progress).path)
        }

    private fun unsupported(
        asset: String,
        kind: String,
    ) = FrcException(
        "The asset $asset holds a model file of the kind '$kind', which $runtime cannot load: $advice",
        FrcCode.UNSUPPORTED_MODEL,
    )
}
