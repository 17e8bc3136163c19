"""The published U-Net as a function of its coefficients, at any width, and the pictures that it is tried on."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from frcodec.stages.region import scan_places
from frcodec.stages.spectral import DctTensor
from frcodec.widths import Channel

LEVELS = 5
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Picture:
    """A photograph and what is to be found in it."""

    name: str
    inputs: Tensor
    """[1, 3, h, w], 0 … 1"""
    mask: Tensor
    """[h, w] bool"""


def pictures(folder: Path) -> list[Picture]:
    """Those of `images/in*.png` with `masks/gt*.png`, by name."""
    found = []
    for path in sorted((folder / "images").glob("in*.png")):
        name = path.stem.removeprefix("in")
        inputs = torch.tensor(read_png(path)).permute(2, 0, 1)[None].float() / 255
        mask = read_png(folder / "masks" / f"gt{name}.png")[..., 0]
        found.append(Picture(name, lasting(inputs), torch.tensor(2 * mask.astype(int) > mask.max())))
    return found


def lasting(inputs: Tensor) -> Tensor:
    """In the memory order that convolutions like."""
    return inputs.contiguous(memory_format=torch.channels_last)


def read_png(path: Path) -> NDArray[np.uint8]:
    """Pixels [h, w, 1 or 3] of a PNG file with 8 bits a channel, grey or RGB, not interlaced (RFC 2083)."""
    data = path.read_bytes()
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if data[:8] != b"\x89PNG\r\n\x1a\n" or depth != 8 or kind not in (0, 2) or interlaced:
        raise ValueError(f"{path} is no PNG file of 8 bits, grey or RGB")
    packed, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    channels = 3 if kind == 2 else 1
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    above, result = bytes(width * channels), []
    for row in rows:
        above = _unfiltered(int(row[0]), bytearray(row[1:]), above, channels)
        result.append(above)
    return np.frombuffer(b"".join(result), np.uint8).reshape(height, width, channels)


def _unfiltered(kind: int, row: bytearray, above: bytes, back: int) -> bytes:
    """A row of pixels from what is stored of it: differences to the left, above, their mean or the Paeth predictor."""
    if kind == 2:
        return (np.frombuffer(row, np.uint8) + np.frombuffer(above, np.uint8)).tobytes()
    if kind:
        for i in range(len(row)):
            left, corner = (row[i - back], above[i - back]) if i >= back else (0, 0)
            if kind == 1:
                predicted = left
            elif kind == 3:
                predicted = left + above[i] >> 1
            else:
                by_left, by_above = abs(above[i] - corner), abs(left - corner)
                by_corner = abs(left + above[i] - 2 * corner)
                predicted = (
                    left if by_left <= min(by_above, by_corner) else above[i] if by_above <= by_corner else corner
                )
            row[i] = row[i] + predicted & 255
    return bytes(row)


def channels(tensors: Sequence[DctTensor]) -> dict[str, dict[int, Channel]]:
    """Which axes are channels of which level of the network, 0 for the finest."""
    first = tensors[0].shape[0]

    def axis(length: int, *, joined: bool, inputs: bool) -> Channel:
        return Channel((length // (2 if joined else 1) // first).bit_length() - 1, input=inputs)

    result: dict[str, dict[int, Channel]] = {}
    for entry in tensors:
        joined = entry.name.startswith("up") and entry.name.endswith(".0.weight")  # with what the level had before
        given, taken = (1, 0) if rises(entry.name) else (0, 1)
        result[entry.name] = {}
        if entry.shape[given] >= first:
            result[entry.name][given] = axis(entry.shape[given], joined=False, inputs=False)
        if entry.shape[taken] >= first:
            result[entry.name][taken] = axis(entry.shape[taken], joined=joined, inputs=True)
    return result


def rises(name: str) -> bool:
    """Whether a weight is that of a transposed convolution, whose first axis is that of the inputs."""
    return ".up." in name


class Synthesis:
    """Weights at a width as a differentiable function of the coefficients of all tensors [n], one after the other."""

    def __init__(self, tensors: Sequence[DctTensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
        """`shapes` are those of the width."""
        self._tensors = tensors
        self._bases: dict[str, list[Tensor]] = {}
        self._places: dict[str, tuple[tuple[int, ...], Tensor]] = {}
        self.counts = [entry.region.count for entry in tensors]
        for entry in tensors:
            box, places = scan_places(entry.shape, entry.region.count)
            self._places[entry.name] = box, torch.from_numpy(places)
            sampled = shapes[entry.name]
            bases = [basis(n, k, w) for n, k, w in zip(entry.shape, box, sampled, strict=True)]
            taken = 0 if rises(entry.name) else 1
            bases[taken] *= entry.shape[taken] / sampled[taken]  # fewer inputs are to sum up to as much
            self._bases[entry.name] = bases

    def __call__(self, values: Tensor) -> dict[str, Tensor]:
        """Weights by name."""
        weights = {}
        for entry, own in zip(self._tensors, torch.split(values, self.counts), strict=True):
            box, places = self._places[entry.name]
            x = torch.zeros(math.prod(box)).index_copy(0, places, own).reshape(box)
            for axis, matrix in enumerate(self._bases[entry.name]):
                x = torch.movedim(torch.tensordot(matrix, x, dims=([1], [axis])), 0, axis)
            weights[entry.name] = x
        return weights


def basis(length: int, kept: int, samples: int) -> Tensor:
    """Cosines [samples, kept] of the orthonormal DCT of an axis of this length, sampled on another grid."""
    n, k = torch.arange(samples)[:, None] + 0.5, torch.arange(kept)[None]
    cosines = torch.cos(math.pi * k * n / samples) * math.sqrt(2 / length)
    cosines[:, 0] = math.sqrt(1 / length)
    return cosines


def logits(weights: Weights, inputs: Tensor) -> Tensor:
    """Of the mask [n, h, w] in pictures [n, 3, h, w]: a U-Net whose batch norms take the statistics of the batch."""
    kept = [_double(weights, "inc", inputs)]
    for level in range(1, LEVELS):
        kept.append(_double(weights, f"down{level}.maxpool_conv.1", functional.max_pool2d(kept[-1], 2)))
    x = kept.pop()
    for level in range(1, LEVELS):
        finer = kept.pop()
        x = functional.conv_transpose2d(x, weights[f"up{level}.up.weight"], stride=2)
        lower, right = finer.shape[2] - x.shape[2], finer.shape[3] - x.shape[3]
        x = functional.pad(x, [right // 2, right - right // 2, lower // 2, lower - lower // 2])
        x = _double(weights, f"up{level}.conv", torch.cat([finer, x], 1))
    background, found = functional.conv2d(x, weights["outc.conv.weight"]).unbind(1)
    return found - background


def _double(weights: Weights, name: str, x: Tensor) -> Tensor:
    for part in (0, 3):
        x = functional.conv2d(x, weights[f"{name}.double_conv.{part}.weight"], padding=1)
        x = functional.relu(functional.batch_norm(x, None, None, training=True))
    return x


@torch.no_grad()
def dice(weights: Weights, picture: Picture) -> float:
    """2 |A ∩ B| / (|A| + |B|) of the mask that is found and the true one."""
    found = logits(weights, picture.inputs)[0] > 0
    return float(2 * (found & picture.mask).sum() / (found.sum() + picture.mask.sum()))


def multiply_adds(weights: Weights, height: int, width: int) -> int:
    """Of one picture."""
    total = 0
    for name, weight in weights.items():
        # levels below the finest, of the picture that the convolution runs over
        level = int(name[4]) if name.startswith("down") else LEVELS - 1 - int(name[2]) if name.startswith("up") else 0
        level += rises(name)  # a transposed convolution runs over the coarser one
        total += weight.numel() * (height >> level) * (width >> level)
    return total
