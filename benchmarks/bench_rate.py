"""How many bits a weight costs at a signal-to-noise ratio, against the standard's reference codec.

Bits per weight are the whole .frc file of a model's tensors (no skeleton) over its weights in tensors of two or more
dimensions; the ratio is measured over the same tensors, after decoding.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from benchmarks.common import State, console, encoded, is_matrix, save, show, snr, state, verdict
from benchmarks.models import FetchError
from frcodec import Options, load_file

MODELS = ("crepe_tiny", "crepe_full", "minilm_l6", "resemblyzer", "mtcnn", "silero")
RATIOS = (20, 23, 26, 29)
BARS = {
    "crepe_tiny": {20: 0.78, 26: 0.82},
    "crepe_full": {20: 0.85, 26: 0.85},
    "minilm_l6": {20: 0.99, 23: 0.99, 26: 0.99},
    "resemblyzer": {20: 0.98, 23: 0.98, 26: 0.98},
    "mtcnn": {20: 0.94},
    "silero": {20: 0.74},
}
"""largest multiple of the reference's rate that is accepted"""
PEERS = Path(__file__).with_name("peers.toml")


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_rate", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"from {', '.join(MODELS)} (default: all)")
    parser.add_argument(
        "--snr", type=int, nargs="+", default=RATIOS, metavar="DB", help="ratios (default: 20 23 26 29)"
    )
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    peer = tomllib.loads(PEERS.read_text())["nnc"]
    try:
        rows = [
            measured(name, tensors, ratio, peer["bits_per_weight"].get(name, {}).get(str(ratio)))
            for name in arguments.models or MODELS
            for tensors in [state(name)]
            for ratio in arguments.snr
        ]
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    show("Bits per weight of the whole file at a signal-to-noise ratio", [text(row) for row in rows])
    console.print(f"NNC: {peer['source']}.\nQuoted, not run here; without the tensors of one dimension.", style="dim")
    if not arguments.no_save:
        save("rate", rows)
    return 0 if all(row["pass"] != "no" for row in rows) else 1


def measured(name: str, tensors: State, ratio: int, peer: float | None) -> dict[str, Any]:
    """One model at one ratio, encoded and decoded."""
    data, _ = encoded(tensors, Options(snr=ratio))
    weights = sum(array.size for array in tensors.values() if is_matrix(array))
    bits = 8 * len(data) / weights
    times = bits / peer if peer else None
    bar = BARS.get(name, {}).get(ratio)
    row = {
        "model": name,
        "weights": weights,
        "snr": ratio,
        "snr_found": round(snr(tensors, load_file(data)), 3),
        "file_bytes": len(data),
        "bits_per_weight": round(bits, 4),
        "nnc_bits_per_weight": peer,
        "times_nnc": round(times, 4) if times else None,
        "bar": bar,
        "pass": None if bar is None or times is None else "yes" if times <= bar else "no",
    }
    console.print(f"{name} at {ratio} dB: {len(data):,} bytes", style="dim")
    return row


def text(row: dict[str, Any]) -> dict[str, str]:
    """A row formatted as text."""
    return {
        "model": row["model"],
        "dB asked": str(row["snr"]),
        "dB found": f"{row['snr_found']:.2f}",
        "bytes": f"{row['file_bytes']:,}",
        "bits/weight": f"{row['bits_per_weight']:.3f}",
        "NNC": f"{row['nnc_bits_per_weight']:.3f}" if row["nnc_bits_per_weight"] else "-",
        "ours / NNC": f"{row['times_nnc']:.3f}" if row["times_nnc"] else "-",
        "bar": f"{row['bar']:.2f}" if row["bar"] else "",
        "met": verdict(row["pass"] == "yes") if row["pass"] else "",
    }


if __name__ == "__main__":
    sys.exit(main())
