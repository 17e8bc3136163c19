"""A process that encodes and decodes one model by one codec, with one thread; prints JSON as its last line.

    python -m benchmarks.peer_worker CODEC SETTING TENSORS.npz DECODED.npz

It imports nothing of this repository that needs more than NumPy and zstandard, unless the codec does, and therefore
runs in the environment of the peers as well.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from benchmarks.peer_codec import Codec, load, save
from benchmarks.peer_packages import Frc, Nnc, Pco, ZipNn
from benchmarks.peer_plain import Blocks, Half, Integer
from benchmarks.peer_uniform import Uniform

CODECS: dict[str, Callable[[], Codec]] = {
    "frcodec": Frc,
    "nnc": Nnc,
    "uniform": Uniform,
    "integer": Integer,
    "blocks": Blocks,
    "half": Half,
    "zipnn": ZipNn,
    "pcodec": Pco,
}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Result = TypeVar("Result")


class WorkerError(Exception):
    """The process failed; the message is what it said."""


@dataclass(frozen=True)
class Found:
    """What the process reports."""

    file_bytes: int
    encode_seconds: float
    """of processor time"""
    decode_seconds: float
    versions: str


def run(python: Path, codec: str, setting: str, tensors: Path, decoded: Path) -> Found:
    """Do this in a new process of that interpreter."""
    command: list[str | Path] = [python, "-m", "benchmarks.peer_worker", codec, setting, tensors, decoded]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parent.parent,
        env=os.environ | dict.fromkeys(THREADS, "1"),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise WorkerError(f"{codec}, {setting}, ended with status {done.returncode}:\n{done.stderr.strip()}")
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What the work returns, and the seconds that the processor worked for this process."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def versions(packages: tuple[str, ...]) -> str:
    """What was running."""
    found = [f"python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # a checkout
            found.append(f"{package} {getattr(sys.modules[package], '__version__', 'unknown')}")
    return " ".join(found)


def main() -> None:
    """Run the command line."""
    name, setting, source, target = sys.argv[1:]
    tensors = load(Path(source))
    codec = CODECS[name]()
    coded, encode_seconds = timed(lambda: codec.encode(tensors, setting))
    decoded, decode_seconds = timed(lambda: codec.decode(coded.content))
    save(decoded, Path(target))
    print(json.dumps(asdict(Found(coded.size, encode_seconds, decode_seconds, versions(codec.packages)))))


if __name__ == "__main__":
    main()
