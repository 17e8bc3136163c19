"""Decoding a U-Net of a few hundred coefficients: 31 M weights, against writing them once and SciPy's inverse DCT.

Times of one run on one core; SciPy gets two workers. The checksum of the output is timed apart.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import scipy.fft

from benchmarks.bench_overhead import unet_tensors
from benchmarks.common import encoded, save, show, verdict
from frcodec import Options, load_file
from frcodec.container.crc32 import crc32
from frcodec.tensors import raw_bytes

WRITE_BAR = 3.0
"""times a first-touch write, at most, without the checksum"""
SCIPY_BAR = 5.0
"""times faster than SciPy, at least"""
ROUNDS = 7


def main() -> int:
    """Measure, print and save."""
    tensors = unet_tensors()
    corners = {name: scipy.fft.dctn(array, norm="ortho").astype(np.float32) for name, array in tensors.items()}
    data, _ = encoded(tensors, Options(rules=(".=transform=all",), snr=40))
    decoded = list(load_file(data).values())
    cores = os.sched_getaffinity(0)
    idct = seconds(lambda: [scipy.fft.idctn(array, norm="ortho", workers=2) for array in corners.values()])
    os.sched_setaffinity(0, {max(cores)})
    write = seconds(lambda: [np.full(array.shape, 1, np.float32) for array in decoded])
    checksum = seconds(lambda: [crc32(raw_bytes(array)) for array in decoded])
    decode = seconds(lambda: load_file(data)) - checksum
    passed = decode <= WRITE_BAR * write and SCIPY_BAR * decode <= idct
    row = {
        "weights": sum(array.size for array in decoded),
        "file_bytes": len(data),
        "write_seconds": round(write, 4),
        "decode_seconds": round(decode, 4),
        "checksum_seconds": round(checksum, 4),
        "scipy_seconds": round(idct, 4),
        "times_write": round(decode / write, 2),
        "times_faster_than_scipy": round(idct / decode, 1),
        "pass": "yes" if passed else "no",
    }
    show(
        "Decoding a U-Net of 759 coefficients",
        [{key: str(value) for key, value in row.items()} | {"met": verdict(passed)}],
    )
    save("unet", [row])
    return 0 if passed else 1


def seconds(work: Callable[[], object]) -> float:
    """Median of several times; memory is released in between."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
        del result
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
