"""What a file costs beyond its level streams: framing, index, checksums.

Measured on a U-Net of the size and the names that frequency regularization was published with, every tensor the inverse
DCT of a few low frequencies, and on an ordinary checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.fft

from benchmarks.common import State, console, encoded, save, show, state, verdict
from benchmarks.models import FetchError
from frcodec import Options
from frcodec.container.reader import Reader
from frcodec.container.records import LevelsRecord

BAR, BAR_A_TENSOR = 60, 11
"""bytes of a file and of each tensor, at most"""
KEPT = 33
"""coefficients of a tensor; 23 of them make the published 759"""


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_overhead", description=__doc__)
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    try:
        rows = [
            measured("U-Net of low frequencies", unet_tensors(), Options()),
            measured("crepe_tiny", state("crepe_tiny"), Options()),
        ]
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    show(f"Bytes beyond the level streams; allowed: {BAR} + {BAR_A_TENSOR} a tensor", [text(row) for row in rows])
    if not arguments.no_save:
        save("overhead", rows)
    return 0 if all(row["pass"] == "yes" for row in rows) else 1


def unet_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the U-Net's 23 weights: 31.0 M elements."""

    def block(name: str, inputs: int, outputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f"{name}.double_conv.0.weight", (outputs, inputs, 3, 3)
        yield f"{name}.double_conv.3.weight", (outputs, outputs, 3, 3)

    yield from block("inc", 3, 64)
    for k in range(1, 5):
        yield from block(f"down{k}.maxpool_conv.1", 32 << k, 64 << k)
    for k in range(1, 5):
        yield f"up{k}.up.weight", (2048 >> k, 1024 >> k, 2, 2)
        yield from block(f"up{k}.conv", 2048 >> k, 1024 >> k)
    yield "outc.conv.weight", (2, 64, 1, 1)


def unet_tensors() -> State:
    """Every tensor the inverse DCT of coefficients at the lowest frequencies, ordered by their sum."""
    random = np.random.default_rng(0)
    return {name: low_frequencies(shape, random) for name, shape in unet_shapes()}


def low_frequencies(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A tensor of which only the first coefficients are not zero."""
    corner = tuple(min(n, KEPT) for n in shape)
    places = np.indices(corner).reshape(len(shape), -1)
    first = places[:, np.lexsort((*places[::-1], places.sum(0)))[:KEPT]]
    coefficients = np.zeros(shape, np.float32)
    coefficients[tuple(first)] = random.standard_normal(first.shape[1])
    tensor: np.ndarray[Any, np.dtype[np.float32]] = scipy.fft.idctn(coefficients, norm="ortho", overwrite_x=True)
    return tensor


def measured(name: str, tensors: State, options: Options) -> dict[str, Any]:
    """Encode, and look where the bytes are."""
    console.print(f"{name}: encoding {len(tensors)} tensors", style="dim")
    data, report = encoded(tensors, options)
    with Reader(data) as reader:
        index, sections = reader.index, reader.section_sizes()
    members = index.members()
    coded = [isinstance(index.records[positions[0]], LevelsRecord) for positions in members]
    levels = sum(stream.size for stream, is_coded in zip(index.streams, coded, strict=True) if is_coded)
    fixed, allowed = len(data) - levels, BAR + BAR_A_TENSOR * len(tensors)
    return {
        "model": name,
        "tensors": len(tensors),
        "weights": sum(array.size for array in tensors.values()),
        "snr_found": round(report.snr or 0.0, 2),
        "file_bytes": len(data),
        "streams": len(members),
        "level_stream_bytes": levels,
        "lossless_stream_bytes": sum(stream.size for stream in index.streams) - levels,
        "index_bytes": sections[max(sections)],
        "fixed_bytes": fixed,
        "fixed_allowed": allowed,
        "fixed_bytes_a_tensor": round(fixed / len(tensors), 2),
        "pass": "yes" if fixed <= allowed else "no",
    }


def text(row: dict[str, Any]) -> dict[str, str]:
    """A row formatted as text."""
    titles = {
        "tensors": "tensors",
        "weights": "weights",
        "file_bytes": "file",
        "level_stream_bytes": "levels",
        "lossless_stream_bytes": "lossless",
        "index_bytes": "index",
        "fixed_bytes": "all but levels",
        "fixed_allowed": "allowed",
    }
    return {
        "model": row["model"],
        **{title: f"{row[key]:,}" for key, title in titles.items()},
        "a tensor": f"{row['fixed_bytes_a_tensor']:.1f}",
        "met": verdict(row["pass"] == "yes"),
    }


if __name__ == "__main__":
    sys.exit(main())
