// Generated from spec/constants.toml by spec/generate.py: change it there.

package io.github.frcodec

/**
 * Types of elements, by their names in PyTorch. BYTES is a storage without a type.
 *
 * @property number id in the file
 * @property byteCount size of an element in bytes
 */
public enum class FrcDType(
    public val number: Int,
    public val byteCount: Int,
) {
    FLOAT32(0, 4),
    FLOAT16(1, 2),
    BFLOAT16(2, 2),
    FLOAT64(3, 8),
    INT8(4, 1),
    UINT8(5, 1),
    INT16(6, 2),
    UINT16(7, 2),
    INT32(8, 4),
    UINT32(9, 4),
    INT64(10, 8),
    UINT64(11, 8),
    BOOL(12, 1),
    COMPLEX64(13, 8),
    COMPLEX128(14, 16),
    FLOAT8_E4M3FN(15, 1),
    FLOAT8_E5M2(16, 1),
    FLOAT8_E4M3FNUZ(17, 1),
    FLOAT8_E5M2FNUZ(18, 1),
    COMPLEX32(19, 4),
    BYTES(20, 1),
    ;

    internal companion object {
        fun of(number: Int): FrcDType = values().first { it.number == number }
    }
}
