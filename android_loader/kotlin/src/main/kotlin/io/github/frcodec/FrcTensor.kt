package io.github.frcodec

/**
 * A tensor of an [FrcFile], without its elements. Immutable, and still valid after the file is closed.
 *
 * @property name unique in its file
 * @property dtype type of the elements
 * @property byteCount size of the decoded tensor in bytes
 */
public class FrcTensor internal constructor(
    public val name: String,
    private val lengths: LongArray,
    public val dtype: FrcDType,
    public val byteCount: Long,
    internal val position: Int,
) {
    /** The length of each axis, in C order: a new array at each call, as `Tensor.fromBlob` takes it. */
    public val shape: LongArray get() = lengths.clone()

    override fun toString(): String = "$name: $dtype[${lengths.joinToString(", ")}]"
}
