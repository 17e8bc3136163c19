"""The Kotlin tests, with the libraries for Android, in JVMs of three processors."""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ci import jvm, zips
from ci.commands import Failure, run
from ci.machines import ARM, Machine
from ci.modules import FRCODEC, MODULES, classes, stubs
from ci.paths import LOADER, OUT, REPOSITORY, counting_library, library

SOURCES = LOADER / "tests" / "jvm"
FOLDER = OUT / "tests"
VECTORS = REPOSITORY / "spec" / "vectors"
VECTOR_LIST = FOLDER / "vectors.tsv"
FIXTURES = FOLDER / "fixtures"
# The numbers of its files fit into 32 bits, without which a 32-bit JVM cannot list folders.
MEMORY = Path("/dev/shm")
# Decodes every vector with the library that ships. The other tests load the one that counts memory, to find leaks.
SHIPPED = "io.github.frcodec.VectorsTest"
# An emulated JVM cannot start another one. The 32-bit one also interprets Java and takes more than ten minutes for all
# tests, so it only opens files in every way and rebuilds models.
ALL = ("--scan-classpath={tests}", f"--exclude-classname={re.escape(SHIPPED)}")
SELECTED = {
    "x86_64": ALL,
    "arm64-v8a": (*ALL, "--exclude-tag=processes"),
    "armeabi-v7a": tuple(f"--select-class=io.github.frcodec.{name}Test" for name in ("Opening", "Rebuilding")),
}


def prepare() -> str:
    """Write the list of vectors and the fixtures, and compile the tests."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    run([sys.executable, LOADER / "tests" / "vectors.py", VECTOR_LIST])
    run([sys.executable, SOURCES / "fixtures.py", FIXTURES])
    _compiled()
    return f"{len({tuple(line.split()[:2]) for line in VECTOR_LIST.read_text().splitlines()})} vectors"


def _class_path() -> list[Path]:
    return [*jvm.TEST_LIBRARIES, stubs(), *(classes(module) for module in MODULES)]


def _compiled() -> Path:
    """The tests' classes in a jar: a 32-bit JVM may not be able to list the folder (see MEMORY)."""
    found = jvm.compile_kotlin("tests", sorted(SOURCES.rglob("*.kt")), _class_path(), friends=classes(FRCODEC))
    jar = FOLDER / "tests.jar"
    jar.write_bytes(zips.packed(zips.tree(found)))
    return jar


def run_tests(machine: Machine, seconds: float = 600) -> str:
    """Run the tests that take a few minutes at most on this machine."""
    tests = _compiled()
    selected = [word.format(tests=tests) for word in SELECTED[machine.abi]]
    count = _run(machine, library(machine.abi), tests, [f"--select-class={SHIPPED}"], seconds)
    return f"{count + _run(machine, counting_library(machine.abi), tests, selected, seconds)} tests"


def _run(machine: Machine, native: Path, tests: Path, selected: Sequence[str], seconds: float) -> int:
    """Run tests with a native library, and return their number."""
    with tempfile.TemporaryDirectory(dir=MEMORY if machine is ARM else None) as temporary:
        output = run(
            [
                *machine.command(), *machine.java_options(), "-Xmx512m", f"-Djava.io.tmpdir={temporary}",
                f"-Djava.library.path={native.parent}", f"-Dfrc.vectors={VECTORS}",
                f"-Dfrc.list={VECTOR_LIST}", f"-Dfrc.fixtures={FIXTURES}", "-cp", jvm.joined([*_class_path(), tests]),
                "org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--disable-ansi-colors",
                "--details=summary", *selected,
            ],
            seconds=seconds,
        )  # fmt: skip
    jvm.check_jni(output)
    counts = {word: _count(output, word) for word in ("successful", "failed", "aborted", "skipped")}
    successful = counts.pop("successful")
    if not successful or any(counts.values()):
        raise Failure(f"not all tests ran and passed:\n{output}")
    return successful


def _count(output: str, word: str) -> int:
    found: Sequence[str] = re.findall(rf"\[ *(\d+) tests {word} *\]", output)
    if len(found) != 1:
        raise Failure(f"the test runner does not say how many tests were {word}:\n{output}")
    return int(found[0])
