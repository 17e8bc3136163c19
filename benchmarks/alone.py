"""A process that only encodes or decodes one file, on one core; prints JSON.

    python -m benchmarks.alone decode FILE.frc TIMES
    python -m benchmarks.alone encode MODEL_FILE TARGET.frc 'frcodec.Options as JSON'

Memory is what the kernel counts for this process, output included. `getrusage` would not do: a process inherits the
maximum of the one that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run(*arguments: str | Path) -> dict[str, Any]:
    """Do this in a new process."""
    command = [sys.executable, "-m", "benchmarks.alone", *map(str, arguments)]
    environment = os.environ | dict.fromkeys(THREADS, "1")
    done = subprocess.run(
        command, cwd=Path(__file__).parent.parent, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def decode(path: Path, times: int) -> dict[str, Any]:
    """Seconds of every time, bytes of memory, and sizes of the output."""
    from frcodec import load_file

    imported = memory("VmRSS")
    seconds, sizes = [], [0]
    for _ in range(times):
        start = time.perf_counter()
        tensors = load_file(path)
        seconds.append(time.perf_counter() - start)
        sizes = [array.nbytes for array in tensors.values()]
        del tensors
    peak = memory("VmHWM")
    return {"seconds": seconds, "imported": imported, "peak": peak, "output": sum(sizes), "largest": max(sizes)}


def encode(source: Path, target: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Seconds, bytes of memory, weights, and size of the file."""
    from frcodec import Options, encode_file

    start = time.perf_counter()
    report = encode_file(source, target, options=Options(**options), threads=1, force=True)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak": memory("VmHWM"), "file_bytes": report.file_bytes, "snr": report.snr}


def memory(field: str) -> int:
    """VmHWM (most) or VmRSS (now) in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def main() -> None:
    """Do what the command line says."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    verb, path, *rest = sys.argv[1:]
    if verb == "decode":
        result = decode(Path(path), int(rest[0]))
    else:
        result = encode(Path(path), Path(rest[0]), json.loads(rest[1]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
