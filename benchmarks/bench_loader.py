"""The C++ decoder of the Android loader on this machine, one thread.

It is compared with the Python extension, and on a U-Net of a few hundred coefficients with writing as much memory. With
qemu (the package qemu-user) and a compiler for ARM (g++-aarch64-linux-gnu), instructions on arm64 are counted, too.
Processor times of one run on one core. Files named on the command line are measured besides.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_overhead import unet_tensors
from benchmarks.common import console, encoded, save, show, verdict
from benchmarks.models import ROOT, FetchError, fetch
from frcodec import Options, encode_file, open_file

LOADER = ROOT / "android_loader"
BUILD = ROOT / "build" / "loader"
ZSTD = ROOT / "build" / "android" / "zstd"
EXTENSION_BAR = 1.2
"""times the Python extension's time, at most, for crepe"""
HEAP_BAR = 16_000_000
"""bytes besides the output, at most, for crepe"""
WRITE_BAR = 3.0
"""times a first-touch write, at most, for the U-Net"""
ROUNDS = 7


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_loader", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=".frc files to measure besides")
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as scratch:
        try:
            crepe = Path(scratch) / "crepe_full.frc"
            encode_file(fetch("crepe_full"), crepe)
            speed = built("host", [])
        except (FetchError, OSError, subprocess.CalledProcessError) as error:
            print(f"{error}\n`make android` sets up what this needs.", file=sys.stderr)
            return 1
        unet = Path(scratch) / "unet.frc"
        unet.write_bytes(encoded(unet_tensors(), Options(rules=(".=transform=all",), snr=40))[0])
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        rows = [measured(speed, path) for path in (crepe, unet, *files)]
    barred = {"crepe_full.frc": crepe_passes, "unet.frc": unet_passes}
    for row in rows:
        if passes := barred.get(row["file"]):
            row["pass"] = "yes" if passes(row) else "no"
    show("The C++ decoder, one thread, processor time", [text(row) for row in rows])
    save("loader", rows)
    return 0 if all(row["pass"] != "no" for row in rows) else 1


def crepe_passes(row: dict[str, Any]) -> bool:
    """Whether an ordinary network decodes as fast as in the Python extension."""
    return bool(row["times_extension"] <= EXTENSION_BAR and row["heap_bytes"] <= HEAP_BAR)


def unet_passes(row: dict[str, Any]) -> bool:
    """Whether a network of a few coefficients decodes nearly as fast as memory is written."""
    return bool(row["times_write"] <= WRITE_BAR)


def built(name: str, options: list[str]) -> Path:
    """The program `speed` of android_loader/tests."""
    folder = BUILD / name
    configure = ["cmake", "-S", LOADER, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DFRC_TESTS=ON", "-DFRC_JNI=OFF"]
    run([*configure, f"-DFRC_ZSTD_SOURCE={ZSTD}", *options])
    run(["cmake", "--build", folder, "--target", "speed", "--parallel", "2"])
    return folder / "tests" / "speed"


def measured(speed: Path, path: Path) -> dict[str, Any]:
    """Both decoders on one file."""
    console.print(path.name, style="dim")
    found = json.loads(run([speed, path, str(ROUNDS)]))
    extension = extension_milliseconds(path)
    return {
        "file": path.name,
        "file_bytes": path.stat().st_size,
        "bytes": found["bytes"],
        "milliseconds": found["milliseconds"],
        "extension_milliseconds": round(extension, 3),
        "write_milliseconds": found["touch_milliseconds"],
        "times_extension": round(found["milliseconds"] / extension, 2),
        "times_write": round(found["milliseconds"] / found["touch_milliseconds"], 2),
        "heap_bytes": found["heap"],
        "arm64_instructions": arm64_instructions(path),
        "pass": None,
    }


def extension_milliseconds(path: Path) -> float:
    """The shortest time of the Python package for the same: model file or all tensors."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        with open_file(path) as file:
            if file.kind:
                file.rebuild(lambda piece: None)
            else:
                made = list(file.arrays())
                del made
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def arm64_instructions(path: Path) -> int | None:
    """Instructions of opening and decoding once on arm64; None without qemu (the package qemu-user) and a compiler."""
    compiler = "aarch64-linux-gnu-g++"
    if not all(shutil.which(tool) for tool in ("qemu-aarch64", compiler, "cc")):
        return None
    speed = built(
        "arm64",
        [
            "-DCMAKE_SYSTEM_NAME=Linux",
            "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
            f"-DCMAKE_CXX_COMPILER={compiler}",
            "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc",
            "-DCMAKE_EXE_LINKER_FLAGS=-static",
        ],
    )
    plugin = BUILD / "instructions.so"
    run(["cc", "-shared", "-fPIC", "-O1", "-o", plugin, ROOT / "benchmarks" / "loader" / "instructions.c"])
    counts = []
    for times in ("0", "1"):
        emulated = ["qemu-aarch64", "-plugin", str(plugin), str(speed), str(path), times]
        done = subprocess.run(emulated, check=True, capture_output=True, text=True)
        counts.append(int(done.stderr.split()[0]))
    return counts[1] - counts[0]


def run(command: list[Any]) -> str:
    """The output of a command. Raises CalledProcessError with its stderr if it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()
    return done.stdout


def text(row: dict[str, Any]) -> dict[str, str]:
    """A row formatted as text."""
    instructions = row["arm64_instructions"]
    return {
        "file": row["file"],
        "bytes": f"{row['file_bytes']:,}",
        "made": f"{row['bytes']:,}",
        "ms": f"{row['milliseconds']:.1f}",
        "x extension": f"{row['times_extension']:.2f}",
        "x write": f"{row['times_write']:.2f}",
        "heap": f"{row['heap_bytes']:,}",
        "arm64 instructions": "" if instructions is None else f"{instructions / 1e6:,.0f} M",
        "met": "" if row["pass"] is None else verdict(row["pass"] == "yes"),
    }


if __name__ == "__main__":
    sys.exit(main())
