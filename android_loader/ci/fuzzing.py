"""A short run of the fuzzers, from the corpus in the repository and fresh seeds."""

import os
import re
import sys
import zipfile
from pathlib import Path

from ci.commands import Failure, run
from ci.paths import LOADER, OUT, REPOSITORY

FUZZERS = ("levels", "file")
SECONDS = 30
FOLDER = OUT / "fuzz"
SEEDS = FOLDER / "seeds"
CORPUS = FOLDER / "corpus"


def build() -> str:
    """Compile both for libFuzzer with sanitizers, unpack the corpus and write the seeds."""
    options = [
        "-DFRC_FUZZ=ON",
        "-DFRC_JNI=OFF",
        "-DFRC_SANITIZE=ON",
        "-DFRC_WERROR=ON",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DCMAKE_CXX_COMPILER=clang++-19",
        "-DCMAKE_C_COMPILER=clang-19",
        f"-DFRC_ZSTD_SOURCE={OUT / 'zstd'}",
    ]
    run(["cmake", "-G", "Ninja", "-S", LOADER, "-B", FOLDER / "build", *options])
    run(["cmake", "--build", FOLDER / "build", "--target", *(f"fuzz_{name}" for name in FUZZERS)])
    paths = {"PYTHONPATH": str(REPOSITORY / "tests")}
    run([sys.executable, LOADER / "fuzz" / "seeds.py", SEEDS], env={**os.environ, **paths})
    for name in FUZZERS:
        with zipfile.ZipFile(LOADER / "fuzz" / "corpus" / f"{name}.zip") as archive:
            archive.extractall(CORPUS / name)
    return f"{count([folder / name for folder in (CORPUS, SEEDS) for name in FUZZERS])} inputs to start from"


def fuzz(name: str) -> str:
    """Run a fuzzer. It stops at the first finding of a sanitizer, and keeps the input."""
    found = FOLDER / f"found_{name}"
    found.mkdir(parents=True, exist_ok=True)
    corpora = [found, CORPUS / name, SEEDS / name]
    limits = [f"-max_total_time={SECONDS}", "-max_len=2048", "-print_final_stats=1", f"-artifact_prefix={FOLDER}/"]
    output = run([FOLDER / "build" / "fuzz" / f"fuzz_{name}", *limits, *corpora])
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    if not runs or int(runs[1]) < count(corpora):
        raise Failure(f"fuzz_{name} did not run its corpus:\n{output[-2000:]}")
    return f"{int(runs[1]):,} inputs"


def count(folders: list[Path]) -> int:
    """The number of files in folders."""
    return sum(1 for folder in folders for _ in folder.iterdir())
