package io.github.frcodec

/**
 * A width at which the network was validated by whoever made the file. To open a file at it, pass its [lengths] to
 * [FrcOptions.Builder.width].
 *
 * @property lengths the number of channels of each of [FrcFile.groups]
 * @property score the result of the validation, as text for people; [FrcFile.scoreLabel] names the metric
 * @property multiplyAdds multiply-adds of one forward pass
 */
public class FrcValidatedWidth internal constructor(
    public val lengths: List<Long>,
    public val score: String,
    public val multiplyAdds: Long,
)

/** The validated widths of an open handle. */
internal fun widthsOf(pointer: Long): List<FrcValidatedWidth> =
    List(FrcNative.widthCount(pointer)) { number ->
        FrcValidatedWidth(
            FrcNative.widthLengths(pointer, number).asList(),
            FrcNative.widthScore(pointer, number).decodeToString(),
            FrcNative.widthMultiplyAdds(pointer, number),
        )
    }
