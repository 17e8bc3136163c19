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


def run(*arguments: str | int | Path) -> dict[str, Any]:
    """Run this in a new process."""
    command = [sys.executable, "-m", "benchmarks.alone", *map(str, arguments)]
    environment = os.environ | dict.fromkeys(THREADS, "1")
    done = subprocess.run(
        command, cwd=Path(__file__).parent.parent, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class Clock:
    """Wall-clock and processor time since construction."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """Time that passed."""
        return time.perf_counter() - self._wall

    def processor(self) -> float:
        """Time that the processor worked for this process."""
        return time.process_time() - self._processor


def decode(path: Path, times: int) -> dict[str, Any]:
    """Seconds of each repetition, peak memory and output size in bytes."""
    from frcodec import load_file

    imported = memory("VmRSS")
    seconds, processor, sizes = [], [], [0]
    for _ in range(times):
        clock = Clock()
        tensors = load_file(path)
        seconds.append(clock.seconds())
        processor.append(clock.processor())
        sizes = [array.nbytes for array in tensors.values()]
        del tensors
    peak = memory("VmHWM")
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "imported": imported,
        "peak": peak,
        "output": sum(sizes),
        "largest": max(sizes),
    }


def encode(source: Path, target: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Seconds, bytes of memory, weights, and size of the file."""
    from frcodec import Options, encode_file

    clock = Clock()
    report = encode_file(source, target, options=Options(**options), threads=1, force=True)
    return {
        "seconds": clock.seconds(),
        "processor_seconds": clock.processor(),
        "peak": memory("VmHWM"),
        "file_bytes": report.file_bytes,
    }


def memory(field: str) -> int:
    """VmHWM (most) or VmRSS (now) in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def main() -> None:
    """Run the command line."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    verb, path, *rest = sys.argv[1:]
    if verb == "decode":
        result = decode(Path(path), int(rest[0]))
    else:
        result = encode(Path(path), Path(rest[0]), json.loads(rest[1]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
