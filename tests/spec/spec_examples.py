"""The worked examples of the specification: text blocks behind a comment `<!-- example: NAME -->`."""

from __future__ import annotations

import re
from pathlib import Path

SPEC = Path(__file__).parents[2] / "spec" / "frc-1.md"
_BLOCK = re.compile(r"^<!-- example: (\w+) -->\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(name: str) -> list[list[str]]:
    """The cells of every line of a block."""
    blocks = dict(_BLOCK.findall(SPEC.read_text("utf-8")))
    return [[cell.strip() for cell in line.split("|")] for line in blocks[name].splitlines()]


def first_column(name: str) -> str:
    """The first cells, joined."""
    return " ".join(row[0] for row in rows(name))
