package io.github.frcodec.sample

import android.content.Context
import android.graphics.Bitmap
import android.os.SystemClock
import io.github.frcodec.FrcCache
import io.github.frcodec.FrcFile
import io.github.frcodec.FrcProgress
import org.pytorch.IValue
import org.pytorch.LiteModuleLoader
import org.pytorch.Module
import org.pytorch.Tensor
import java.io.Closeable
import java.nio.FloatBuffer

/** Sizes of asset and model file, and the times of rebuilding and loading. */
internal class LoadReport(
    val assetBytes: Long,
    val modelBytes: Long,
    val rebuildMillis: Long,
    val loadMillis: Long,
)

/** The network. All calls block. Not for use by several threads at once. */
internal class Segmenter private constructor(
    private val module: Module,
    val report: LoadReport,
) : Closeable {
    /** For each pixel, row by row, whether it belongs to a car. The sides must be multiples of 16. */
    fun segment(picture: Bitmap): BooleanArray {
        val shape = longArrayOf(1, 3, picture.height.toLong(), picture.width.toLong())
        val logOdds = module.forward(IValue.from(Tensor.fromBlob(planes(picture), shape))).toTensor().dataAsFloatArray
        return BooleanArray(logOdds.size) { logOdds[it] > 0 }
    }

    override fun close() = module.destroy()

    companion object {
        private const val ASSET = "unet.frc"

        /** Loads the model from the app's assets: the first start rebuilds it, later starts find it in the cache. */
        fun load(
            context: Context,
            progress: FrcProgress,
        ): Segmenter {
            val start = SystemClock.elapsedRealtime()
            FrcFile.open(context.assets, ASSET).use { file ->
                val model = FrcCache(context).model(file, ASSET, progress = progress)
                val ready = SystemClock.elapsedRealtime()
                val module = LiteModuleLoader.load(model.path)
                val assetBytes = context.assets.openFd(ASSET).use { it.length }
                val loadMillis = SystemClock.elapsedRealtime() - ready
                return Segmenter(module, LoadReport(assetBytes, file.modelBytes, ready - start, loadMillis))
            }
        }

        /** Deletes the rebuilt model, so that the next [load] is like that of the first start. */
        fun clearCache(context: Context) = FrcCache(context).retainOnly(emptySet())
    }
}

/** The pixels as float32 [3, h, w]: red, green and blue, from 0 to 1. */
private fun planes(picture: Bitmap): FloatBuffer {
    val pixels = IntArray(picture.width * picture.height)
    picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
    val result = Tensor.allocateFloatBuffer(3 * pixels.size)
    for (shift in intArrayOf(16, 8, 0)) {
        for (pixel in pixels) result.put((pixel shr shift and 0xFF) / 255f)
    }
    return result
}
