"""The sample's model: `python -m android_loader.sample.make_asset unet_fr.pt`.

Takes the U-Net that the authors of frequency regularization publish (`unet_fr.pt`, Apache-2.0, in the repository
guanfangdong/pytorch-frequency-regularization; it finds the car in a picture), decodes it with fewer channels, saves it
for PyTorch Mobile's lite interpreter, and encodes that as the sample's asset. In it the weights are what they were
trained as, a few coefficients for each tensor: however many channels are asked for, the asset has a few kilobytes, most
of which are the network's code.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.train.published_net import LEVELS, channels
from frcodec.constants import DEFAULT_MAX_BYTES
from frcodec.encoder.encode import encode
from frcodec.encoder.options import Options
from frcodec.formats.read import read_model, read_sparse
from frcodec.stages.region import Scan, scan_places
from frcodec.stages.spectral import DctTensor
from frcodec.stages.steps import code_near, step_of

ASSET = Path(__file__).parent / "src" / "main" / "assets" / "unet.frc"
CHANNELS = 16
"""in every layer, at most: as much Dice as with 64 to 1024 at a fiftieth of the multiply-adds"""
STEP = 0.25
"""of the published coefficients"""
MULTIPLE = 1 << LEVELS - 1
"""of which the sides of a picture must be multiples"""


class UNet(nn.Module):
    """The published network as one module: what is saved of many is mostly their names."""

    def __init__(self, tensors: Sequence[DctTensor]) -> None:
        super().__init__()
        for tensor in tensors:
            self.register_buffer(flat(tensor.name), torch.from_numpy(tensor.array().copy()))

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [n, 3, h, w], RGB from 0 to 1, -> log-odds [n, h, w] of a car being there."""
        kept = [self._twice("inc", pictures)]
        for level in range(1, LEVELS):
            kept.append(self._twice(f"down{level}.maxpool_conv.1", functional.max_pool2d(kept[-1], 2)))
        x = kept.pop()
        for level in range(1, LEVELS):
            x = functional.conv_transpose2d(x, self._weight(f"up{level}.up"), stride=2)
            x = self._twice(f"up{level}.conv", torch.cat([kept.pop(), x], 1))
        background, car = functional.conv2d(x, self._weight("outc.conv")).unbind(1)
        return car - background

    def _twice(self, name: str, x: Tensor) -> Tensor:
        for part in (0, 3):
            x = functional.conv2d(x, self._weight(f"{name}.double_conv.{part}"), padding=1)
            x = functional.relu(functional.batch_norm(x, None, None, training=True))
        return x

    def _weight(self, name: str) -> Tensor:
        return self.get_buffer(flat(f"{name}.weight"))


@dataclass(frozen=True)
class Made:
    """The asset and what it was made of."""

    asset: bytes
    """the .frc file"""
    model: bytes
    """the lite interpreter's file"""
    net: UNet
    """with the very weights that the asset decodes to"""


def flat(name: str) -> str:
    """A tensor's published name as that of a module's attribute."""
    return name.replace(".", "_")


def narrowed(tensors: Sequence[DctTensor], most: int, step: float = STEP) -> list[DctTensor]:
    """Coefficients of the same curves with at most `most` samples along each axis of channels, in steps."""
    first, axes_of = tensors[0].shape[0], channels(tensors)
    result = []
    for tensor in tensors:
        shape, factor = list(tensor.shape), 1.0
        for axis, channel in axes_of[tensor.name].items():
            full = first << channel.group
            shape[axis] = min(most, full) * (shape[axis] // full)
            # An orthonormal basis of fewer samples is larger, and fewer inputs are to sum up to as much.
            factor *= math.sqrt(shape[axis] / tensor.shape[axis])
            factor *= tensor.shape[axis] / shape[axis] if channel.input else 1
        result.append(_sampled(tensor, tuple(shape), factor, step))
    return result


def _sampled(tensor: DctTensor, shape: tuple[int, ...], factor: float, step: float) -> DctTensor:
    """The tensor with another shape: frequencies that it has no room for are dropped, the others rounded and scaled."""
    box, places = scan_places(tensor.shape, tensor.region.count)
    fits = np.all([k < n for k, n in zip(np.unravel_index(places, box), shape, strict=True)], axis=0)
    code = code_near(step * factor)
    points = np.rint(tensor.coefficients[fits] / step)
    return replace(tensor, shape=shape, region=Scan(int(fits.sum())), coefficients=points * step_of(code), code=code)


def made(tensors: Sequence[DctTensor]) -> Made:
    """The network with these weights as a model file, and as an .frc file that holds their coefficients only."""
    net = UNet(tensors).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "unet.ptl"
        traced = torch.jit.trace(net, torch.rand(1, 3, 4 * MULTIPLE, 4 * MULTIPLE))  # type: ignore[no-untyped-call]
        traced._save_for_lite_interpreter(str(path))
        model = path.read_bytes()
    parts = read_model(model, max_bytes=DEFAULT_MAX_BYTES)
    named = {flat(tensor.name): tensor for tensor in tensors}
    entries = [replace(named[entry.name], name=entry.name) for entry in parts.entries]
    out = BytesIO()
    encode(replace(parts, entries=entries), out, Options())
    return Made(out.getvalue(), model, net)


def main() -> int:
    """Write the asset."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", type=Path, metavar="UNET_FR.PT", help="the published file")
    parser.add_argument("--channels", type=int, default=CHANNELS, metavar="N", help="at most so many in every layer")
    parser.add_argument("--output", type=Path, default=ASSET, metavar="FRC", help="instead of the sample's asset")
    arguments = parser.parse_args()
    found = made(narrowed(read_sparse(arguments.weights), arguments.channels))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(found.asset)
    weights = sum(buffer.numel() for buffer in found.net.buffers())
    print(f"{arguments.output}: {len(found.asset):,} bytes of {len(found.model):,} with {weights:,} weights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
