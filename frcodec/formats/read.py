"""Reads model files of all supported formats; the format is detected from the content."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..constants import DEFAULT_MAX_BYTES, MAGIC, Code
from ..disk import map_file
from ..errors import UnsupportedError
from ..stages.spectral import DctTensor
from ..tensors import Buffer
from .executorch import data as executorch_data
from .executorch import program as executorch
from .model import Model
from .pytorch.legacy import MAGIC as LEGACY_MAGIC
from .pytorch.legacy import read_legacy, read_sparse_legacy
from .pytorch.torch_zip import read_sparse_zip, read_torch_zip
from .safetensors import read_safetensors

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_KNOWN_OTHERS = (
    (0, MAGIC, "already a .frc file", "Decode it, or pass the model file that it was made from."),
    (0, b"\x1f\x8b", "compressed by gzip", "Unpack it first."),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd", "Unpack it first."),
    (0, b"\xfd7zXZ\0", "compressed by xz", "Unpack it first."),
    (0, b"BZh", "compressed by bzip2", "Unpack it first."),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
    (
        257,
        b"ustar",
        "a tar archive",
        "Unpack it first; a model of PyTorch 0.1 must be saved with a newer one.",
    ),
    (0, b"\x89HDF\r\n", "an HDF5 file (Keras)", "Save the weights as .safetensors."),
    (0, b"\x93NUMPY", "a NumPy array", "Save it in a dictionary, as .safetensors or .pt."),
    (0, b"GGUF", "a GGUF file", "It is quantized already; encode the model that it was made from."),
    (4, b"TFL3", "a TensorFlow Lite file", "Encode the model that it was made from."),
    (4, b"PTMF", "a lite interpreter model in the flatbuffer format", "Save it with _use_flatbuffer=False."),
    (4, b"BP08", "an ExecuTorch program bundled with test inputs", "Encode the program (.pte) that it was made from."),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself", "Run: git lfs pull"),
    (0, b"<", "HTML or XML text, perhaps an error page instead of the download", "Download it again."),
    (0, b"\x08", "probably an ONNX model", "Encode the PyTorch model that it was exported from."),
    (0, b"\x80", "a plain Python pickle", "Load it in its original environment, and save the weights with torch.save."),
)
"""(offset, magic, format, advice)"""


def read_model(source: Path | Buffer, *, normalize: bool = True, max_bytes: int) -> Model:
    """Split a model file into named tensors and a skeleton.

    Tensors are not copied: their data are in a memory map of the file, or in `source` itself, which must not change
    while the model is in use. With `normalize`, deflated members of zip files are stored uncompressed in the rebuilt
    file, and a file of sparse DCT coefficients gives `DctTensor` entries and no skeleton, because it is decoded to a
    dense state dictionary. Otherwise the rebuilt file is the input byte for byte.

    Raises UnsupportedError (unsupported_model) for anything but PyTorch (zip, TorchScript, lite interpreter, legacy),
    ExecuTorch and safetensors files, UnsupportedError (too_large) for files or views of more than `max_bytes`,
    CorruptError (bad_model) for damaged files, FileError (read_failed) if the file cannot be read.
    """
    image = _image(source, max_bytes)
    if normalize:
        with suppress(UnsupportedError):  # not a file of coefficients: read it like any other
            if (model := _sparse(image, max_bytes)) is not None:
                return model
    head = bytes(image[:512])
    if head.startswith(_ZIP_STARTS):
        return read_torch_zip(image, normalize=normalize, max_bytes=max_bytes)
    if head.startswith(LEGACY_MAGIC):
        return read_legacy(image, max_bytes=max_bytes)
    if head[4:8] == executorch.MAGIC:
        return executorch.read_executorch(image)
    if head[4:8] == executorch_data.MAGIC:
        return executorch_data.read_executorch_data(image)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 40:
        return read_safetensors(image)
    raise _unknown(head)


def read_sparse(source: Path | Buffer, *, max_bytes: int = DEFAULT_MAX_BYTES) -> list[DctTensor]:
    """Read the DCT coefficients from a file of sparse tensors, as the authors of frequency regularization publish them.

    PyTorch is not needed. Raises the errors of `read_model`, and UnsupportedError (unsupported_model) with the reason
    if the file does not hold coefficients.
    """
    image = _image(source, max_bytes)
    model = _sparse(image, max_bytes)
    if model is None:
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL,
            "The file has no sparse tensors, so no DCT coefficients. Encode it as it is.",
        )
    return [entry for entry in model.entries if isinstance(entry, DctTensor)]


def _sparse(image: memoryview, max_bytes: int) -> Model | None:
    """The tensors of a file of sparse coefficients; None for other formats and for files without sparse tensors."""
    head = bytes(image[: len(LEGACY_MAGIC)])
    if head.startswith(_ZIP_STARTS):
        return read_sparse_zip(image, max_bytes=max_bytes)
    return read_sparse_legacy(image, max_bytes=max_bytes) if head == LEGACY_MAGIC else None


def _image(source: Path | Buffer, max_bytes: int) -> memoryview:
    """The bytes of a model file. Raises UnsupportedError (too_large) beyond `max_bytes`."""
    image = map_file(source) if isinstance(source, Path) else memoryview(source).cast("B")
    if len(image) > max_bytes:
        raise UnsupportedError(
            Code.TOO_LARGE,
            f"The model file has {len(image):,} bytes, more than the limit of {max_bytes:,} (max_bytes).",
        )
    return image.toreadonly()


def _unknown(head: bytes) -> UnsupportedError:
    """The error for an unsupported file, with its likely format."""
    supported = "Supported are PyTorch files (.pt, .pth, .ptl, TorchScript), ExecuTorch (.pte, .ptd) and .safetensors."
    if not head:
        return UnsupportedError(Code.UNSUPPORTED_MODEL, f"The model file is empty. {supported}")
    for offset, magic, what, advice in _KNOWN_OTHERS:
        if head[offset : offset + len(magic)] == magic:
            return UnsupportedError(Code.UNSUPPORTED_MODEL, f"The model file is {what}. {advice} {supported}")
    start = head[:8].hex(" ")
    return UnsupportedError(
        Code.UNSUPPORTED_MODEL, f"The model file is of an unknown format; it begins with {start}. {supported}"
    )
