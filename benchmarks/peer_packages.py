"""Peers from Python packages, and frcodec itself; packages are imported on use."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_codec import Coded, Tensors, packed, part, unpacked


class Nnc:
    """The reference software of ISO/IEC 15938-17: trellis-coded quantization and DeepCABAC.

    Settings: "qp -16" is one global quantization parameter for the weights, "qp rms-12" one for each tensor, by its
    root mean square; four qp are one bit. `lambda_scale` 1 (its default decides without regard to rate) is what gave
    the least rate at equal error, and tensors of one dimension get a qp by their root mean square too, for about
    twelve bits: its default of -75 takes 17 to 30 bits for each of their values. Both are to its advantage.
    """

    packages = ("nncodec", "numpy", "torch")
    OF_VECTORS = 40
    """their step is about rms / 1024"""

    def __init__(self) -> None:
        self.package = import_module("nncodec.nnc")

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """One bitstream of all tensors; it takes neither int64 nor tensors without dimensions."""
        self.originals = {name: (array.dtype, array.shape) for name, array in tensors.items()}
        taken = {name: np.atleast_1d(as_taken(array)) for name, array in tensors.items()}
        parameters = {name: qp(array, setting, self.OF_VECTORS) for name, array in taken.items()}
        bitstream = self.package.compress(
            taken,
            qp_per_tensor=parameters,
            lambda_scale=1,
            use_dq=True,
            row_skipping=True,
            return_bitstream=True,
            bitstream_path=None,
        )
        return Coded(len(bitstream), bitstream)

    def decode(self, content: Any) -> Tensors:
        """All tensors, in the dtypes and shapes that they had."""
        decoded = self.package.decompress(content)
        return {name: decoded[name].astype(dtype).reshape(shape) for name, (dtype, shape) in self.originals.items()}


def as_taken(array: NDArray[Any]) -> NDArray[Any]:
    """The array as float32 or int32, the only types that NNC accepts."""
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)


def qp(array: NDArray[Any], setting: str, of_vectors: int) -> int:
    """The quantization parameter of a tensor."""
    number = setting.removeprefix("qp ")
    if array.ndim < 2:
        return level(array) - of_vectors
    if number.startswith("rms"):
        return level(array) + int(number.removeprefix("rms"))
    return int(number)


def level(array: NDArray[Any]) -> int:
    """The qp whose step is about the root mean square of the array."""
    power = float(np.mean(np.square(array, dtype=np.float64)))
    return round(2 * np.log2(power)) if power else 0


class ZipNn:
    """Lossless: exponents by Huffman codes, the rest as it is."""

    packages = ("zipnn", "torch")

    def __init__(self) -> None:
        self.package = import_module("zipnn")

    def _coder(self) -> Any:
        return self.package.ZipNN(input_format="byte", bytearray_dtype="float32", threads=1)

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """Tensor by tensor."""
        return packed(
            part(name, array, bytes(self._coder().compress(array.tobytes()))) for name, array in tensors.items()
        )

    def decode(self, content: bytes) -> Tensors:
        """Tensor by tensor."""
        return {
            p.name: np.frombuffer(bytes(self._coder().decompress(p.payload)), p.dtype).reshape(p.shape)
            for p in unpacked(content)
        }


class Pco:
    """Lossless: pcodec, at its highest level."""

    packages = ("pcodec", "numpy")

    def __init__(self) -> None:
        self.package = import_module("pcodec")

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """Tensor by tensor."""
        options = self.package.ChunkConfig(compression_level=12)
        compress = self.package.standalone.simple_compress
        return packed(part(name, array, compress(array.ravel(), options)) for name, array in tensors.items())

    def decode(self, content: bytes) -> Tensors:
        """Tensor by tensor."""
        decompress = self.package.standalone.simple_decompress
        return {p.name: decompress(p.payload).reshape(p.shape) for p in unpacked(content)}


class Frc:
    """This codec. Settings: "default", "quality 40", "snr 26", "lossless"."""

    packages = ("frcodec", "numpy", "scipy", "zstandard")

    def __init__(self) -> None:
        self.package = import_module("frcodec")

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """A file without a skeleton."""
        name, _, number = setting.partition(" ")
        asked: dict[str, Any] = {"default": {}, "lossless": {"lossless": True}}.get(name, {name: float(number or 0)})
        out = BytesIO()
        self.package.save_file(tensors, out, options=self.package.Options(**asked), threads=1)
        return Coded(out.tell(), out.getvalue())

    def decode(self, content: bytes) -> Tensors:
        """All tensors."""
        decoded: Tensors = self.package.load_file(content)
        return decoded
