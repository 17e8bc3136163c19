package io.github.frcodec

/** The result of a native call. C++ calls [set] after a failure only. */
internal class FrcStatus {
    private var number = 0
    private var entry = -1
    private var offset = -1L
    private var message = ""

    fun set(
        number: Int,
        entry: Int,
        offset: Long,
        message: String,
    ) {
        this.number = number
        this.entry = entry
        this.offset = offset
        this.message = message
    }

    /**
     * Throws the failure, if there is one.
     *
     * @param subject the file, for the message
     * @param tensors the tensors of the file, for their names
     */
    fun check(
        subject: String,
        tensors: List<FrcTensor> = emptyList(),
    ) {
        if (number == 0) return
        val tensor = tensors.firstOrNull { it.position == entry }?.name
        val place =
            listOfNotNull(
                tensor?.let { "tensor '$it'" } ?: "entry $entry".takeIf { entry >= 0 },
                "section at byte $offset".takeIf { offset >= 0 },
                "error $number",
            )
        val text = "$subject: ${message.removeSuffix(".")} (${place.joinToString(", ")})"
        throw FrcException(text, FrcCode.of(number), number, tensor, offset)
    }
}
