package io.github.frcodec

/**
 * What a file tells about a tensor, without decoding it. Remains valid when the file is closed.
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
    /** Length of every axis, in C order; a new array every time, as `Tensor.fromBlob` wants one. */
    public val shape: LongArray get() = lengths.clone()

    override fun toString(): String = "$name: $dtype[${lengths.joinToString(", ")}]"
}
