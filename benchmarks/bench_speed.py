"""Speed and memory on one core, by the native core, and how both grow with a model; processor time, not wall time."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file as save_safetensors

from benchmarks import alone
from benchmarks.common import console, save, show, state, verdict
from benchmarks.models import FetchError, fetch

MILLION = 1_000_000
DECODE_BAR = 100 * MILLION
"""weights per second of a core, at least"""
ENCODE_BAR = 2 * MILLION
"""the same for encoding at the default quality: 4 M/s on two cores"""
MEMORY_BAR = "what the imports take + output + 32 MB"
BARRED = ("crepe_full", "minilm_l6")


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_speed", description=__doc__)
    parser.add_argument("--large", action="store_true", help="also a synthetic model of 100 M weights (minutes, 2 GB)")
    parser.add_argument("--times", type=int, default=5, metavar="N", help="decodings whose median counts (default: 5)")
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    sizes = (1, 10, 100) if arguments.large else (1, 10)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            real = {name: (fetch(name), sum(array.size for array in state(name).values())) for name in BARRED}
        except FetchError as error:
            print(error, file=sys.stderr)
            return 1
        rows = [measured(name, path, size, {}, folder, arguments.times) for name, (path, size) in real.items()]
        rows.append(measured("crepe_full", *real["crepe_full"], {"snr": 26}, folder, arguments.times))
        for size in sizes:
            path = folder / "synthetic.safetensors"
            rows.append(
                measured(f"synthetic {size} M", path, synthetic(path, size), {"snr": 26}, folder, arguments.times)
            )
    show("Speed on one core, by processor time", [speed_text(row) for row in rows])
    show(f"Memory of a process that decodes, in MB; allowed: {MEMORY_BAR}", [memory_text(row) for row in rows])
    if not arguments.no_save:
        save("speed", rows)
    return 0 if all(row["pass"] != "no" for row in rows) else 1


def synthetic(path: Path, millions: int) -> int:
    """Write layers of 1024 x 1024 weights with long tails and rows of different scale; their number of weights."""
    random = np.random.default_rng(0)
    shape = (1024, 1024)
    layers = {
        f"layers.{number}.weight": (
            random.standard_t(6, shape) * np.exp(0.3 * random.standard_normal((shape[0], 1))) / 32
        ).astype(np.float32)
        for number in range(millions)
    }
    save_safetensors(layers, path)
    return millions * shape[0] * shape[1]


def measured(
    name: str, source: Path, weights: int, options: dict[str, Any], folder: Path, times: int
) -> dict[str, Any]:
    """Encode once, decode once in a fresh process for its memory, and several times for the speed."""
    target = folder / "model.frc"
    quality = " ".join(f"--{key} {value}" for key, value in options.items()) or "default"
    console.print(f"{name}, {quality}: encoding", style="dim")
    made = alone.run("encode", source, target, json.dumps(options))
    fresh = alone.run("decode", target, 1)
    decoded = alone.run("decode", target, times)
    seconds, processor = (statistics.median(decoded[kind]) for kind in ("seconds", "processor_seconds"))
    allowed = fresh["imported"] + fresh["output"] + 32 * MILLION
    row = {
        "model": name,
        "weights": weights,
        "options": quality,
        "file_bytes": made["file_bytes"],
        "encode_seconds": round(made["seconds"], 3),
        "encode_processor_seconds": round(made["processor_seconds"], 3),
        "encode_weights_per_second": round(weights / made["processor_seconds"]),
        "encode_peak_bytes": made["peak"],
        "decode_seconds_median": round(seconds, 3),
        "decode_processor_seconds_median": round(processor, 3),
        "decode_weights_per_second": round(weights / processor),
        "decode_peak_bytes": fresh["peak"],
        "after_import_bytes": fresh["imported"],
        "output_bytes": fresh["output"],
        "largest_tensor_bytes": fresh["largest"],
        "memory_allowed_bytes": round(allowed),
        "pass": None,
    }
    if name in BARRED and not options:
        fast = weights / processor >= DECODE_BAR and weights / made["processor_seconds"] >= ENCODE_BAR
        row["pass"] = "yes" if fast and fresh["peak"] <= allowed else "no"
    return row


def speed_text(row: dict[str, Any]) -> dict[str, str]:
    """A row on time, to be read."""
    barred = row["pass"] is not None
    return {
        "model": row["model"],
        "quality": row["options"],
        "M weights": f"{row['weights'] / MILLION:.1f}",
        "encode s": f"{row['encode_seconds']:.1f}",
        "CPU": f"{row['encode_processor_seconds']:.1f}",
        "M weights/s": f"{row['encode_weights_per_second'] / MILLION:.2f}",
        f">= {ENCODE_BAR / MILLION:.0f} M/s": verdict(row["encode_weights_per_second"] >= ENCODE_BAR) if barred else "",
        "decode s": f"{row['decode_seconds_median']:.2f}",
        "CPU ": f"{row['decode_processor_seconds_median']:.2f}",
        "M weights/s ": f"{row['decode_weights_per_second'] / MILLION:.2f}",
        f">= {DECODE_BAR / MILLION:.0f} M/s": verdict(row["decode_weights_per_second"] >= DECODE_BAR) if barred else "",
    }


def memory_text(row: dict[str, Any]) -> dict[str, str]:
    """A row on memory, to be read."""
    columns = {
        "after import": "after_import_bytes",
        "output": "output_bytes",
        "largest tensor": "largest_tensor_bytes",
        "peak": "decode_peak_bytes",
        "allowed": "memory_allowed_bytes",
    }
    numbers = {title: f"{row[key] / MILLION:.0f}" for title, key in columns.items()}
    met = verdict(row["decode_peak_bytes"] <= row["memory_allowed_bytes"])
    encoding = f"{row['encode_peak_bytes'] / MILLION:.0f}"
    return {"model": row["model"], "quality": row["options"], **numbers, "met": met, "peak of encoding": encoding}


if __name__ == "__main__":
    sys.exit(main())
