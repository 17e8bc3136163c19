"""Paths in an Android project: its modules, their assets and Kotlin sources."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..constants import Code
from ..errors import FileError, UsageError
from . import gradle, names

_DEPTH = 3
"""levels of folders below a project in which modules are looked for"""
_MOST_FOLDERS = 20_000
_SKIPPED = {"build", "src", "node_modules", "gradle", "buildSrc"}
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Module:
    """An Android module."""

    folder: Path
    script: gradle.Script

    @property
    def assets(self) -> Path:
        """The folder of its assets."""
        return self.folder / "src" / "main" / "assets"

    @property
    def source_roots(self) -> list[Path]:
        """Where its Kotlin sources may be; the one in use comes first."""
        roots = [self.folder / "src" / "main" / language for language in ("kotlin", "java")]
        return sorted(roots, key=lambda root: not root.is_dir())

    def package(self, asked: str | None) -> str:
        """The package for Kotlin sources: the one asked for, or the module's namespace. Raises UsageError."""
        package = asked or self.script.namespace or gradle.manifest_package(self.folder)
        if package is None:
            raise UsageError(
                Code.BAD_OPTION,
                f"{self.script.path} names no namespace. Name the Kotlin file's package with --package.",
            )
        return names.checked_package(package)


def module_of(folder: Path) -> Module:
    """The module meant by a folder: itself, or the one app (else the one library) in the project there.

    Raises UsageError where there is none or more than one, FileError.
    """
    if not folder.is_dir():
        raise FileError(Code.READ_FAILED, f"Cannot read {folder}: there is no such folder.")
    own = _module(folder)
    if own:
        return own
    found = [module for path in _folders(folder) if (module := _module(path))]
    apps = [module for module in found if module.script.is_application]
    usual = [module for module in found if module.folder == folder / "app"]
    choice = usual or apps or found
    if len(choice) == 1:
        return choice[0]
    if not choice:
        raise UsageError(
            Code.BAD_OPTION,
            f"{folder} is no Android project: no build.gradle.kts or build.gradle in it or up to {_DEPTH} folders "
            "below applies com.android.application or com.android.library. Name the module's own folder with --app.",
        )
    listed = ", ".join(str(module.folder) for module in choice[:_SHOWN])
    raise UsageError(
        Code.BAD_OPTION, f"{folder} has {len(choice)} Android modules: {listed}. Name one of them with --app."
    )


def kotlin_files(module: Module) -> Iterator[Path]:
    """All Kotlin sources of the module's main source set, in a fixed order."""
    for root in module.source_roots:
        for number, path in enumerate(sorted(root.rglob("*.kt")) if root.is_dir() else ()):
            if number >= _MOST_FOLDERS:
                raise UsageError(Code.BAD_OPTION, f"{root} has more than {_MOST_FOLDERS:,} Kotlin files.")
            yield path


def _module(folder: Path) -> Module | None:
    script = gradle.script_of(folder)
    return Module(folder, script) if script and script.is_android else None


def _folders(project: Path) -> Iterator[Path]:
    """The folders that may be modules, in a fixed order."""
    for seen, (path, below, _) in enumerate(os.walk(project)):
        here = Path(path)
        depth = len(here.relative_to(project).parts)
        below[:] = [] if depth == _DEPTH else sorted(n for n in below if n not in _SKIPPED and not re.match(r"\.", n))
        if seen >= _MOST_FOLDERS:
            raise UsageError(
                Code.BAD_OPTION, f"{project} has more than {_MOST_FOLDERS:,} folders. Name the module's own folder."
            )
        if depth:
            yield here
