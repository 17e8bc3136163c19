package io.github.frcodec

/** What a native call reports; [set] is called from C++, and only if something went wrong. */
internal class FrcStatus {
    private var code = 0
    private var entry = -1
    private var offset = -1L
    private var message = ""

    fun set(
        code: Int,
        entry: Int,
        offset: Long,
        message: String,
    ) {
        this.code = code
        this.entry = entry
        this.offset = offset
        this.message = message
    }

    /**
     * @param subject the file that it is about, for people
     * @param tensors those of the file, for their names
     */
    fun check(
        subject: String,
        tensors: List<FrcTensor> = emptyList(),
    ) {
        if (code == 0) return
        val tensor = tensors.firstOrNull { it.position == entry }?.name
        val place =
            listOfNotNull(
                tensor?.let { "tensor '$it'" } ?: "entry $entry".takeIf { entry >= 0 },
                "section at byte $offset".takeIf { offset >= 0 },
                "error $code",
            )
        val text = "$subject: ${message.removeSuffix(".")} (${place.joinToString(", ")})"
        throw FrcException(FrcCode.of(code), text, tensor, offset)
    }
}
