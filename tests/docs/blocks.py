"""The code blocks of the Markdown pages, and how they are run.

    <!-- setup        Python that the page does not show, run before the blocks below it
    import torch
    -->

    <!-- not run: needs a phone -->          the next block is not run, for this reason

A `console` block has commands after "$ " and what they print; "…" in it stands for any text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = {"python", "console"}
SHOWN = {"text", "kotlin", "toml", "mermaid", "{eval-rst}", "{command-help}", "{error-codes}"}
"""languages of blocks that no test here runs; kotlin is compiled by `make android`"""

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```(?P<language>\S*).*\n(?P<text>(?:.*\n)*?)^```$"
    r"|^<!-- setup\n(?P<setup>(?:.*\n)*?)-->$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A block of code; its first line of text is line `line` of the page."""

    language: str
    text: str
    line: int
    reason: str | None


def blocks_of(page: Path) -> Iterator[Block]:
    """All blocks of a page, in order; a setup is a block of Python."""
    text = page.read_text()
    for match in _BLOCK.finditer(text):
        kind = "setup" if match["setup"] is not None else "text"
        language = "python" if kind == "setup" else match["language"]
        yield Block(language, match[kind], text.count("\n", 0, match.start(kind)) + 1, match["reason"])


def run_python(block: Block, page: Path, names: dict[str, Any]) -> None:
    """Execute a block in the page's namespace, with the page's line numbers in tracebacks."""
    exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), names)


def run_console(block: Block, page: Path) -> None:
    """Run every command of a block in bash and compare what it prints."""
    tools = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120"}
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, expected = re.fullmatch(r"((?:.*\\\n)*.*\n)((?:.*\n)*)", part).groups()
        result = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | tools,
            check=False,
        )
        place = f"{page.name}:{block.line}: {command}"
        assert result.returncode == 0, f"{place}{result.stdout}"
        if expected:
            assert matches(expected, result.stdout), f"{place}--- the page\n{expected}--- printed\n{result.stdout}"


def matches(expected: str, printed: str) -> bool:
    """Whether a command printed what a page says; a line of "…" alone stands for any number of lines."""
    pattern = re.escape(expected).replace("…\\\n", "(?:.*\\n)*").replace("…", ".*")
    return re.fullmatch(pattern, printed) is not None
