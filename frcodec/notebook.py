"""HTML for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

_ROWS: Final = 50
"""rows that are shown at most"""


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with all text escaped, of at most 50 rows; the caption says how many more there are."""
    if len(rows) > _ROWS:
        caption += f" (the first {_ROWS} of {len(rows):,})"
    lines = [_row("th", columns), *(_row("td", row) for row in rows[:_ROWS])]
    return f"<table><caption>{escape(caption)}</caption>{''.join(lines)}</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
