package io.github.frcodec.sample

import android.content.ContentResolver
import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.ImageDecoder
import android.graphics.Matrix
import android.media.ExifInterface
import android.net.Uri
import android.os.Build
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import kotlin.math.max
import kotlin.math.min
import kotlin.math.roundToInt

/** The sides of pictures are multiples of this, because the network halves them four times. */
private const val MULTIPLE = 16

/** Longest side in pixels. Smaller pictures take less time and memory, larger ones give finer masks. */
private const val LONGEST = 768

/** Shortest side in pixels. Batch norms compute statistics at the coarsest level, which must have a few pixels. */
private const val SHORTEST = 4 * MULTIPLE

/** The picture in the app's resources. */
internal fun bundledPicture(context: Context): Bitmap {
    val drawable = checkNotNull(context.getDrawable(R.drawable.studio_car))
    val width = scaledSide(drawable.intrinsicWidth, drawable.intrinsicHeight)
    val height = scaledSide(drawable.intrinsicHeight, drawable.intrinsicWidth)
    val picture = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
    drawable.setBounds(0, 0, width, height)
    drawable.draw(Canvas(picture))
    return picture
}

/** A picture of another app, upright and scaled for the network. Throws [IOException] if it cannot be read. */
internal fun readPicture(
    resolver: ContentResolver,
    uri: Uri,
): Bitmap = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) decode(resolver, uri) else decodeLegacy(resolver, uri)

/** The picture with a colour over the pixels of [mask], row by row. */
internal fun overlay(
    picture: Bitmap,
    mask: BooleanArray,
    colour: Int,
): Bitmap {
    val pixels = IntArray(mask.size) { if (mask[it]) colour else 0 }
    val layer = Bitmap.createBitmap(pixels, picture.width, picture.height, Bitmap.Config.ARGB_8888)
    val result = Bitmap.createBitmap(picture.width, picture.height, Bitmap.Config.ARGB_8888)
    val canvas = Canvas(result)
    canvas.drawBitmap(picture, 0f, 0f, null)
    canvas.drawBitmap(layer, 0f, 0f, null)
    return result
}

private fun decode(
    resolver: ContentResolver,
    uri: Uri,
): Bitmap =
    ImageDecoder.decodeBitmap(ImageDecoder.createSource(resolver, uri)) { decoder, info, _ ->
        decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
        val size = info.size
        decoder.setTargetSize(scaledSide(size.width, size.height), scaledSide(size.height, size.width))
    }

/** For Android before 9, whose decoder neither scales to a size nor applies the orientation. */
private fun decodeLegacy(
    resolver: ContentResolver,
    uri: Uri,
): Bitmap {
    val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    open(resolver, uri).use { BitmapFactory.decodeStream(it, null, bounds) }
    val smaller = max(1, max(bounds.outWidth, bounds.outHeight) / LONGEST)
    val options = BitmapFactory.Options().apply { inSampleSize = smaller }
    val picture = open(resolver, uri).use { BitmapFactory.decodeStream(it, null, options) }
    if (picture == null) throw IOException("$uri is not a picture that Android can read")
    val turn = Matrix().apply { postRotate(open(resolver, uri).use(::degrees)) }
    val upright = Bitmap.createBitmap(picture, 0, 0, picture.width, picture.height, turn, true)
    val width = scaledSide(upright.width, upright.height)
    return Bitmap.createScaledBitmap(upright, width, scaledSide(upright.height, upright.width), true)
}

private fun open(
    resolver: ContentResolver,
    uri: Uri,
): InputStream = resolver.openInputStream(uri) ?: throw FileNotFoundException("$uri no longer exists")

private fun degrees(picture: InputStream): Float =
    when (ExifInterface(picture).getAttributeInt(ExifInterface.TAG_ORIENTATION, ExifInterface.ORIENTATION_NORMAL)) {
        ExifInterface.ORIENTATION_ROTATE_90 -> 90f
        ExifInterface.ORIENTATION_ROTATE_180 -> 180f
        ExifInterface.ORIENTATION_ROTATE_270 -> 270f
        else -> 0f
    }

/** The length of a side for the network, given the other side. */
private fun scaledSide(
    side: Int,
    other: Int,
): Int {
    val scale = min(1f, LONGEST.toFloat() / max(side, other))
    return max(SHORTEST, (side * scale / MULTIPLE).roundToInt() * MULTIPLE)
}
