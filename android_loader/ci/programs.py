"""The C++ tests: on this machine with sanitizers, and as ARM programs under an emulator."""

import re
from collections.abc import Sequence
from pathlib import Path

from ci.commands import Failure, run
from ci.jvm_tests import FIXTURES, VECTOR_LIST, VECTORS
from ci.machines import HOST, Machine
from ci.paths import CI, LOADER, OUT

TESTS = ("conformance", "robustness", "files")
# Small files that together cover all features of the format.
ROBUSTNESS_FILES = tuple(
    f"valid/{name}.frc"
    for name in ("skeleton", "streams_shared", "trellis_entries", "rows_transformed", "views", "widths_model_file")
)
# Kinds of model files: with patches, without, without holes, empty, and at several widths.
MODEL_FILES = tuple(
    f"{name}.frc"
    for name in ("skeleton", "skeleton_plain", "skeleton_without_holes", "skeleton_empty", "widths_model_file")
)


def build(machine: Machine) -> str:
    """Compile the tests for a machine; the host's with sanitizers."""
    options = ["-DFRC_TESTS=ON", "-DFRC_WERROR=ON", f"-DFRC_ZSTD_SOURCE={OUT / 'zstd'}", "-DCMAKE_BUILD_TYPE=Release"]
    if machine is HOST:
        options += ["-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_C_COMPILER=clang-19", "-DFRC_SANITIZE=ON"]
    else:
        toolchain = CI / "linux.toolchain.cmake"
        options += [
            f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", f"-DANDROID_ABI={machine.abi}", f"-DFRC_ROOT={machine.root}",
        ]  # fmt: skip
    run(["cmake", "-G", "Ninja", "-S", LOADER, "-B", folder(machine), *options])
    run(["cmake", "--build", folder(machine), "--target", *TESTS])
    return machine.target


def folder(machine: Machine) -> Path:
    """The build folder of a machine's tests."""
    return OUT / "programs" / machine.abi


def check_vectors(machine: Machine) -> str:
    """Every vector of the specification, valid and invalid."""
    return _counted(machine, "conformance", [VECTORS, VECTOR_LIST])


def check_robustness(machine: Machine) -> str:
    """Out of memory, cancellation, threads, truncated and damaged files."""
    return _counted(machine, "robustness", [VECTORS, *ROBUSTNESS_FILES])


def check_files() -> str:
    """Mapping and rebuilding files while system calls fail; on this machine."""
    return _counted(HOST, "files", [VECTORS / "valid", *MODEL_FILES, FIXTURES / "large.frc"])


def _counted(machine: Machine, test: str, arguments: Sequence[str | Path]) -> str:
    output = run([*machine.command(folder(machine) / "tests" / test), *arguments])
    found = re.fullmatch(r"(\d+) passed, 0 failed", (output.splitlines() or [""])[-1])
    if not found or found[1] == "0":
        raise Failure(f"{test} did not report passed checks and no failed ones:\n{output[-2000:]}")
    return f"{found[1]} checks"
