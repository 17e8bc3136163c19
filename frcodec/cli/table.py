"""Tables that fit a given width: columns are dropped by importance, then long names lose their middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import text

_GAP = "  "
_WIDEST_NAME = 120
_NARROWEST_NAME = 36


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; the first one of a table holds the names, which may be shortened."""

    key: str
    """heading, and key of the cell in a row"""
    right: bool = True
    """whether cells end at the column's right border, as numbers do"""
    drop: int = 0
    """0 stays in any case; of the others the highest goes first where the width is short"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table, without colours."""

    cells: Sequence[str]
    """padded to the columns' widths"""
    role: str
    """"head", "row", "exact" or "view": what it is, for whoever chooses colours"""

    def __str__(self) -> str:
        return _GAP.join(self.cells).rstrip()


def layout(columns: Sequence[Column], rows: Sequence[Mapping[str, str]], columns_at_most: int | None) -> list[Line]:
    """Heading and rows; columns in which no row has anything are left out. None means that any width will do."""
    used = [c for c in columns if not c.drop or any(row.get(c.key) for row in rows)]
    widths = {c.key: max([text.width(c.key), *(text.width(row.get(c.key, "")) for row in rows)]) for c in used}
    name = used[0].key
    widths[name] = min(widths[name], _WIDEST_NAME)
    if columns_at_most is not None:
        used = _fitting(used, widths, columns_at_most)
        others = sum(widths[c.key] + len(_GAP) for c in used[1:])
        widths[name] = max(min(widths[name], columns_at_most - others), 1)
    head = Line([_padded(c.key, widths[c.key], c.right) for c in used], "head")
    return [head, *(_line(row, used, widths) for row in rows)]


def _fitting(used: Sequence[Column], widths: Mapping[str, int], limit: int) -> list[Column]:
    """The most important columns that leave enough room for names."""
    kept = list(used)
    room = min(widths[kept[0].key], _NARROWEST_NAME)
    while room + sum(widths[c.key] + len(_GAP) for c in kept[1:]) > limit and any(c.drop for c in kept):
        kept.remove(max(kept, key=lambda c: c.drop))
    return kept


def _line(row: Mapping[str, str], used: Sequence[Column], widths: Mapping[str, int]) -> Line:
    cells = [row.get(c.key, "") for c in used]
    cells[0] = text.shortened(cells[0], widths[used[0].key])
    padded = [_padded(cell, widths[c.key], c.right) for cell, c in zip(cells, used, strict=True)]
    return Line(padded, row.get("role", "row"))


def _padded(cell: str, columns: int, right: bool) -> str:
    fill = " " * (columns - text.width(cell))
    return fill + cell if right else cell + fill
