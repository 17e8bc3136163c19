"""Peers that need no package: what is commonly done to weights, in NumPy.

    half      float16 + zstd
    integer   int8 or int4, symmetric, one float32 scale per output channel, + zstd
    blocks    blocks of 32 with a float16 scale each, as in the GGUF types Q8_0 and Q4_0

Tensors of one dimension and integers are stored as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_codec import Coded, Part, Tensors, compressed, decompressed, is_weight, packed, part, unpacked

BLOCK = 32


class Plain:
    """Tensor by tensor: weights by `weight_bytes` and `weight`, everything else exactly."""

    packages: tuple[str, ...] = ("numpy", "zstandard")

    def encode(self, tensors: Tensors, setting: str) -> Coded:
        """All tensors; the setting chooses the subclass's variant."""
        self.choose(setting)
        return packed(
            part(name, array, self.weight_bytes(array) if is_weight(array) else array.tobytes())
            for name, array in tensors.items()
        )

    def decode(self, content: bytes) -> Tensors:
        """All tensors again."""
        return {p.name: self._array(p) for p in unpacked(content)}

    def _array(self, one: Part) -> NDArray[Any]:
        if len(one.shape) >= 2 and one.dtype == "<f4":
            return self.weight(one.payload, one.shape)
        return np.frombuffer(one.payload, one.dtype).reshape(one.shape)

    def choose(self, setting: str) -> None:
        """Prepare for a setting."""

    def weight_bytes(self, array: NDArray[np.float32]) -> bytes:
        """What is stored of a weight tensor."""
        raise NotImplementedError

    def weight(self, payload: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """A weight tensor from what was stored."""
        raise NotImplementedError


class Half(Plain):
    """float16 + zstd."""

    def weight_bytes(self, array: NDArray[np.float32]) -> bytes:
        """Rounded values; both bytes of all of them one after the other, which suits zstd."""
        return compressed(array.astype(np.float16).view(np.uint8).reshape(-1, 2).T.tobytes())

    def weight(self, payload: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The rounded values."""
        planes = np.frombuffer(decompressed(payload), np.uint8).reshape(2, -1)
        return np.ascontiguousarray(planes.T).view(np.float16).astype(np.float32).reshape(shape)


class Integer(Plain):
    """Symmetric integers per output channel (axis 0) + zstd; settings "8 bits" and "4 bits"."""

    def choose(self, setting: str) -> None:
        """Take the number of bits."""
        self.bits = int(setting.split()[0])

    def weight_bytes(self, array: NDArray[np.float32]) -> bytes:
        """Scales, then the frame of integers; two integers of four bits share a byte."""
        rows = array.reshape(len(array), -1)
        largest = 2 ** (self.bits - 1) - 1
        scales = (np.abs(rows).max(1) / largest).astype(np.float32)
        levels = np.rint(rows / np.where(scales == 0, 1, scales)[:, None]).astype(np.int8).ravel()
        data = levels.tobytes() if self.bits == 8 else nibbles(levels + 8)
        return bytes(scales.tobytes() + compressed(data))

    def weight(self, payload: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Integer times scale."""
        scales = np.frombuffer(payload, np.float32, shape[0])
        data = np.frombuffer(decompressed(payload[scales.nbytes :]), np.uint8)
        size = int(np.prod(shape))
        levels = data.view(np.int8) if self.bits == 8 else from_nibbles(data)[:size].astype(np.int8) - 8
        return (levels.reshape(shape[0], -1) * scales[:, None]).astype(np.float32).reshape(shape)


class Blocks(Plain):
    """Blocks of 32 weights in memory order, with one float16 scale each; settings "Q8_0" and "Q4_0"."""

    def choose(self, setting: str) -> None:
        """Take the type."""
        self.bits = {"Q8_0": 8, "Q4_0": 4}[setting]

    def weight_bytes(self, array: NDArray[np.float32]) -> bytes:
        """All scales, then all integers; the last block is filled up with zeros."""
        blocks = np.pad(array.ravel(), (0, -array.size % BLOCK)).reshape(-1, BLOCK)
        if self.bits == 8:  # -127 ... 127, scale = largest magnitude / 127
            scales = np.abs(blocks).max(1) / 127
        else:  # -8 ... 7: the value of largest magnitude becomes -8
            scales = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)[:, 0] / -8
        levels = np.rint(blocks / np.where(scales == 0, 1, scales)[:, None])
        data = levels.astype(np.int8).tobytes() if self.bits == 8 else nibbles(levels.clip(-8, 7).ravel() + 8)
        return bytes(scales.astype(np.float16).tobytes() + data)

    def weight(self, payload: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Integer times scale."""
        size = int(np.prod(shape))
        scales = np.frombuffer(payload, np.float16, -(-size // BLOCK)).astype(np.float32)
        data = np.frombuffer(payload, np.uint8)[2 * len(scales) :]
        levels = data.view(np.int8) if self.bits == 8 else from_nibbles(data).astype(np.int8) - 8
        return (levels.reshape(-1, BLOCK) * scales[:, None]).ravel()[:size].reshape(shape)


def nibbles(values: NDArray[Any]) -> bytes:
    """Numbers 0 ... 15, two in a byte, the first in the low half."""
    pairs = np.pad(values, (0, values.size % 2)).astype(np.uint8).reshape(-1, 2)
    return bytes((pairs[:, 0] | pairs[:, 1] << 4).tobytes())


def from_nibbles(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The numbers again, with the one that may have been added."""
    return np.stack([data & 15, data >> 4], 1).ravel()
