"""The vectors of the specification as a flat list for tests in other languages: `python vectors.py OUTPUT`.

valid    FILE  rebuilt SHA-256 or -  width or -  name in hexadecimal  SHA-256     (fields by tabs; one line an entry)
invalid  FILE  code
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parents[2] / "spec"


def lines() -> Iterator[str]:
    """One for each entry of each valid file, and for each invalid file."""
    codes = tomllib.loads((SPEC / "constants.toml").read_text())["errors"]
    manifest = tomllib.loads((SPEC / "vectors" / "manifest.toml").read_text())
    for file, expected in manifest["valid"].items():
        rebuilt = expected.get("rebuilt", "-")
        for width, entries in entries_by_width(expected):
            for name, digest in entries.items():
                yield f"valid\t{file}\t{rebuilt}\t{width}\t{name.encode().hex()}\t{digest}"
            if not entries:
                yield f"valid\t{file}\t{rebuilt}"
    for file, expected in manifest["invalid"].items():
        yield f"invalid\t{file}\t{codes[expected['error']]}"


def entries_by_width(expected: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """First full width, "-", then the validated ones."""
    yield "-", expected.get("entries", {})
    yield from expected.get("widths", {}).items()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(line + "\n" for line in lines()))
