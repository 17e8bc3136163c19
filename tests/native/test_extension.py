"""The extension is private to frcodec.native."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "frcodec"


def imported_names(path: Path) -> set[str]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {
        name for text in (*modules, *(alias.name for node in nodes for alias in node.names)) for name in text.split(".")
    }


def test_only_frcodec_native_imports_the_extension() -> None:
    importers = {
        path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if "_core" in imported_names(path)
    }
    assert importers == {"native"}
