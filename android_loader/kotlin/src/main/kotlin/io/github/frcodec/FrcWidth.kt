package io.github.frcodec

/**
 * The width to open a file at: how many channels of every group are kept.
 *
 * @property lengths a length from 1 on for each of [FrcFile.groups]
 * @property force also a width that the file does not say it was validated at
 */
public class FrcWidth
    @JvmOverloads
    constructor(
        public val lengths: List<Long>,
        public val force: Boolean = false,
    )

/**
 * A width at which whoever made the file has tried the network.
 *
 * @property lengths a length for each of [FrcFile.groups]
 * @property score how good it was, for people; [FrcFile.scoreLabel] says what is measured
 * @property multiplyAdds multiplications with an addition of one forward pass
 */
public class FrcValidatedWidth internal constructor(
    public val lengths: List<Long>,
    public val score: String,
    public val multiplyAdds: Long,
)
