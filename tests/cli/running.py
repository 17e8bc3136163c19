"""A small model as a file, and the command as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frcodec.formats.plain import Header
from frcodec.formats.pytorch.state_dict import write_pt
from frcodec.formats.safetensors import write_safetensors
from frcodec.tensors import DTYPES

ROOT = Path(__file__).parents[2]
HOSTILE = "evil\x1b[31m\u202e[bold red]\\x\n"


@dataclass(frozen=True)
class Result:
    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        "conv.weight": random.standard_normal((16, 8, 3, 3)).astype("<f4"),
        "conv.bias": random.standard_normal(16).astype("<f4"),
        "head.weight": random.standard_normal((64, 80)).astype("<f2"),
        "steps": np.array(7, "<i8"),
    }


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """A .pt or .safetensors file of arrays."""
    headers = [Header(name, DTYPES[array.dtype.name], array.shape) for name, array in arrays.items()]
    data = [array.tobytes() for array in arrays.values()]
    with path.open("wb") as file:
        (write_safetensors if path.suffix == ".safetensors" else write_pt)(file, headers, data.__getitem__)
    return path


def run(
    *arguments: str | Path, stdin: bytes | None = b"", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Result:
    """The command as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **(env or {})}
    command = [sys.executable, "-m", "frcodec", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, timeout=60, check=False)
    return Result(done.returncode, done.stdout, done.stderr.decode())
