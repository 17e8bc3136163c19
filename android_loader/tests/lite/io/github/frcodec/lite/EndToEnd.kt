package io.github.frcodec.lite

import android.content.Context
import android.content.res.AssetManager
import io.github.frcodec.pytorch.FrcModule
import org.pytorch.IValue
import org.pytorch.Tensor
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** An app's context, for an APK that lies in a file. */
private class AppContext(
    private val apk: File,
    private val folder: File,
) : Context() {
    override fun getAssets() = AssetManager(apk)

    override fun getApplicationContext() = this

    override fun getNoBackupFilesDir() = folder
}

private fun outputs(
    context: Context,
    asset: String,
    input: File,
    shape: LongArray,
): FloatArray {
    val bytes = input.readBytes()
    val buffer = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder())
    buffer.put(bytes).rewind()
    val module = FrcModule.load(context, asset)
    val output = module.forward(IValue.from(Tensor.fromBlob(buffer.asFloatBuffer(), shape))).toTensor()
    module.destroy()
    return output.dataAsFloatArray
}

/** APK ASSET FOLDER INPUT SHAPE OUTPUT: what an app does at its first start and at its second. */
fun main(words: Array<String>) {
    val (apk, asset, folder, input, shape) = words
    val context = AppContext(File(apk), File(folder))
    val sizes = shape.split(',').map(String::toLong).toLongArray()
    val first = outputs(context, asset, File(input), sizes)
    val second = outputs(context, asset, File(input), sizes)
    check(first.contentEquals(second)) { "the second start gives other outputs" }
    val bytes = ByteBuffer.allocate(4 * first.size).order(ByteOrder.LITTLE_ENDIAN)
    first.forEach(bytes::putFloat)
    File(words[5]).writeBytes(bytes.array())
}
