"""Distance of the static models of level streams from a causal adaptive mixing model, on real weights.

The adaptive coder (adaptive.cpp) is compiled for the occasion by the system's C++ compiler.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import console, is_matrix, save, show, state
from benchmarks.models import FetchError
from frcodec.encoder.allocate import step_for
from frcodec.encoder.decide import decide
from frcodec.encoder.options import Fidelity, Options
from frcodec.encoder.plan import SMALL, TensorPlan, plan_tensors
from frcodec.entropy import stream
from frcodec.tensors import from_array

MODELS = ("crepe_tiny", "mtcnn", "silero", "resemblyzer")
SOURCE = Path(__file__).with_name("adaptive.cpp")


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_bound", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"from {', '.join(MODELS)} (default: all)")
    parser.add_argument("--snr", type=float, default=23.0, metavar="DB", help="of every tensor (default: 23)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "adaptive.so"
        subprocess.run(
            [os.environ.get("CXX", "c++"), "-O3", "-std=c++17", "-shared", "-fPIC", SOURCE, "-o", library], check=True
        )
        coder = ctypes.CDLL(str(library)).adaptive_bits
    coder.restype = ctypes.c_double
    try:
        rows = [measured(name, arguments.snr, coder) for name in arguments.models or MODELS]
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    show(
        "Level streams against an adaptive coder, in bits per level", [{k: str(v) for k, v in r.items()} for r in rows]
    )
    if not arguments.models:
        save("bound", rows)
    return 0


def measured(name: str, snr: float, coder: Any) -> dict[str, Any]:
    """All tensors of a model that have a stream of their own, each at this ratio; headers and states included."""
    levels, ours, adaptive = 0, 0.0, 0.0
    for key, array in state(name).items():
        if not is_matrix(array) or array.size < SMALL:
            continue
        (planned,), _ = plan_tensors([from_array(key, array)], (), Options(rules=(f".=snr={snr}",)))
        found = decide(planned, step_of(planned))
        if found is None or found.model is None or not found.quantized.levels.size:
            continue
        shape = found.layer.region.level_shape()
        levels += found.quantized.levels.size
        ours += 8 * len(stream.encode(found.quantized, shape, found.model))
        adaptive += code_length(coder, found, shape)
    console.print(f"{name}: {levels:,} levels", style="dim")
    return {
        "model": name, "snr": snr, "levels": levels, "bits_per_level": round(ours / levels, 4),
        "adaptive_bits_per_level": round(adaptive / levels, 4), "ratio": round(ours / adaptive, 4),
    }  # fmt: skip


def step_of(planned: TensorPlan) -> float:
    """The step that the ratio of the rule requires."""
    assert planned.fidelity == Fidelity(snr=planned.fidelity.snr)
    step = step_for(planned)
    assert step is not None
    return step


def code_length(coder: Any, found: Any, shape: tuple[int, ...]) -> float:
    """Bits of the adaptive coder."""
    quantized = found.quantized
    subsets = quantized.subsets if quantized.subsets is not None else np.zeros(quantized.levels.size, np.uint8)
    arrays = [quantized.levels, subsets, quantized.points.astype(np.int32)]
    pointers = [np.ascontiguousarray(array).ctypes.data_as(ctypes.c_void_p) for array in arrays]
    columns = int(np.prod(shape[1:])) if len(shape) > 1 else shape[0]
    sizes = [ctypes.c_int64(n) for n in (quantized.levels.size, columns, found.model.context.row_length)]
    return float(coder(*pointers, *sizes))


if __name__ == "__main__":
    sys.exit(main())
