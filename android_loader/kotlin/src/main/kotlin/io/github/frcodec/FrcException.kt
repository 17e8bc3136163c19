package io.github.frcodec

import java.io.IOException

/**
 * The one exception of this library for what is wrong with a file, a folder or the memory. It is an [IOException], which
 * is what callers that read and write files look out for. Wrong use of the library itself gives the language's own
 * [IllegalArgumentException] and [IllegalStateException].
 *
 * @property code what went wrong, for programs
 * @property tensor the tensor that it is about, if it is about one that has a name
 * @property offset byte of the .frc where the section that it is about starts, or -1
 */
public class FrcException(
    public val code: FrcCode,
    message: String,
    public val tensor: String? = null,
    public val offset: Long = -1,
    cause: Throwable? = null,
) : IOException(message, cause)
