package io.github.frcodec

import java.io.IOException

/**
 * Signals that a file, a folder or the memory is at fault. Wrong use of the library throws [IllegalArgumentException] or
 * [IllegalStateException] instead.
 *
 * @property code the cause; [FrcCode.UNKNOWN] if this version of the library has no name for [number]
 * @property number the number of the error, as in the file format's specification
 * @property tensor name of the tensor at fault; null if the error concerns none, or one without a name
 * @property offset byte of the .frc where the section at fault starts; -1 if the error concerns none
 */
public class FrcException internal constructor(
    message: String,
    public val code: FrcCode,
    public val number: Int = code.number,
    public val tensor: String? = null,
    public val offset: Long = -1,
    cause: Throwable? = null,
) : IOException(message, cause)
