"""The environment of the peers that are packages, apart from the one of this package: `python -m benchmarks.peers_env`.

NNC (`nncodec`, the reference software of ISO/IEC 15938-17) needs NumPy 1 and imports a shelf of packages for data sets
that its own examples train on. Nothing of that belongs into the dependencies here, so the peers live in `build/peers`.
Building takes a C++ compiler, minutes, and 1.5 GB with a CPU build of torch.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.models import ROOT

FOLDER = ROOT / "build" / "peers"
READY = FOLDER / "ready"

RESOLVED = (
    "h5py==3.16.0",
    "numpy==1.26.4",
    "opencv-python-headless==4.11.0.86",
    "pandas==3.0.6",
    "pcodec==1.1.0",
    "pillow==13.0.0",
    "pybind11==3.1.0",
    "requests==2.34.2",
    "safetensors==0.8.0",
    "scikit-learn==1.9.1",
    "setuptools==84.2.1",
    "torch==2.13.0",
    "tqdm==4.70.1",
    "wheel==0.48.0",
    "zstandard==0.25.0",
)
"""the peers' dependencies and pcodec, installed with what they depend on"""
BARE = ("torchvision==0.16.2", "nncodec==2.1.3", "zipnn==0.5.4")
"""installed without what they depend on. nncodec only imports torchvision; the last version that imports without its
compiled operators, which must match the build of torch, is 0.16"""
MODULES = ("nncodec.nnc", "zipnn", "pcodec")


class EnvironmentMissingError(Exception):
    """The environment is not there, or is not the one described here."""


def python() -> Path:
    """The environment's interpreter."""
    if not READY.exists() or READY.read_text() != described():
        raise EnvironmentMissingError(
            f"NNC, ZipNN and pcodec need {FOLDER.relative_to(ROOT)}: run python -m benchmarks.peers_env to make it."
        )
    return FOLDER / "bin" / "python"


def described() -> str:
    """What is in the environment."""
    return "".join(f"{package}\n" for package in (*RESOLVED, *BARE))


def main() -> int:
    """Make the environment, or make it anew if it should hold something else by now."""
    try:
        print(f"{python()} is ready.")
        return 0
    except EnvironmentMissingError:
        pass
    venv.create(FOLDER, clear=True, with_pip=True)
    failed = (
        pip(*RESOLVED)
        or pip("--no-deps", "--no-build-isolation", *BARE)
        or run("-c", f"import {', '.join(MODULES)}", what="import what was installed")
    )
    if failed:
        print(failed, file=sys.stderr)
        return 1
    READY.write_text(described())
    print(f"{python()} is ready.")
    return 0


def pip(*arguments: str) -> str:
    """Install; a message if that failed."""
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    return run("-m", "pip", "install", *options, *arguments, what=f"install {arguments[-1]} and others")


def run(*arguments: str, what: str) -> str:
    """Run the environment's Python; a message if it failed."""
    print(f"{FOLDER.name}: {what}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [FOLDER / "bin" / "python", *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return f"Could not {what}:\n{done.stdout.strip()}" if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
