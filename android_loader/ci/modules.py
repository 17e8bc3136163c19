"""Compile the Gradle project's modules without Gradle, against stubs of Android and PyTorch."""

import re
from dataclasses import dataclass
from pathlib import Path

from ci import jvm
from ci.commands import Failure, run
from ci.paths import LOADER

STUBS = LOADER / "tests" / "stubs"


@dataclass(frozen=True)
class Module:
    """A library of the Gradle project."""

    name: str
    folder: Path

    @property
    def namespace(self) -> str:
        """Its Android namespace."""
        found = re.search(r'^\s*namespace = "([\w.]+)"$', (self.folder / "build.gradle.kts").read_text(), re.MULTILINE)
        if not found:
            raise Failure(f"{self.folder}/build.gradle.kts has no line that starts with `namespace = `")
        return found[1]

    @property
    def sources(self) -> list[Path]:
        """Its Kotlin files."""
        return sorted((self.folder / "src/main/kotlin").rglob("*.kt"))


FRCODEC = Module("frcodec", LOADER / "kotlin")
PYTORCH = Module("frcodec-pytorch", LOADER / "pytorch")
EXECUTORCH = Module("frcodec-executorch", LOADER / "executorch")
MODULES = (FRCODEC, PYTORCH, EXECUTORCH)


def stubs() -> Path:
    """The compiled stubs of Android and PyTorch."""
    return jvm.compile_java("stubs", sorted(STUBS.rglob("*.java")))


def classes(module: Module) -> Path:
    """The classes of a module."""
    class_path = [jvm.STDLIB, stubs()]
    if module is not FRCODEC:
        class_path.append(classes(FRCODEC))
    return jvm.compile_kotlin(module.name, module.sources, class_path, library=True)


def compile_module(module: Module) -> str:
    """Compile it as Gradle does: explicit API mode, warnings are errors."""
    return f"{len(list(classes(module).rglob('*.class')))} classes"


def check_style() -> str:
    """ktlint accepts every Kotlin file and build script."""
    files = [path for path in LOADER.rglob("*.kt*") if path.suffix in (".kt", ".kts")]
    run([jvm.java(), "-jar", jvm.KTLINT, *sorted(files)], cwd=LOADER)
    return f"{len(files)} files"
