"""The table of architecture.md names every file of the format once, and sections that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "android_loader" / "core"
KOTLIN = ROOT / "android_loader" / "kotlin" / "src" / "main" / "kotlin" / "io" / "github" / "frcodec"
PROCESSOR = {"kernels", "target", "lane_vectors"}
"""instruction sets, which no other language has"""
PLATFORM = {"memory", "work"}
"""allocator and threads of the caller, behind the C interface"""
NOT_OF_THE_FORMAT = {"__init__.py", "reader.py", "writer.py", "spectral.py"}


def cells() -> list[list[str]]:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Correspondence")[2]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return rows[1:]


def paths(column: int) -> list[str]:
    return [path for row in cells() for path in re.findall(r"`([^`]+)`", row[column])]


def test_sections_are_those_of_the_specification() -> None:
    text = (ROOT / "spec" / "frc-1.md").read_text("utf-8")
    headings = set(re.findall(r"^##+ (.+)$", text, re.MULTILINE))
    assert {row[1] for row in cells()} - {"–"} <= headings


def test_python_files() -> None:
    named = paths(2)
    assert all((ROOT / "frcodec" / path).is_file() for path in named)
    written = {path.relative_to(ROOT / "frcodec").as_posix() for folder in ("stages", "entropy", "container")
               for path in (ROOT / "frcodec" / folder).glob("*.py") if path.name not in NOT_OF_THE_FORMAT}  # fmt: skip
    assert written <= set(named)


def test_cpp_files() -> None:
    named = set(paths(3))
    written = {
        path.relative_to(CORE).with_suffix("").as_posix()
        for folder in ("stages", "container", "encode")
        for path in (CORE / folder).iterdir()
        if path.stem not in PROCESSOR | PLATFORM
    }
    assert written <= named
    assert all((CORE / f"{path}.h").is_file() or (CORE / f"{path}.cpp").is_file() for path in named)


def test_kotlin_files() -> None:
    assert all((KOTLIN / path).is_file() for path in paths(4))
